use serde_json::{Map, Number, Value};

/// The JSON text that JavaScript's `JSON.stringify` would write for what its `JSON.parse` makes of the value.
///
/// Strings are the same in `serde_json`. Numbers are not (`1.0` and `1`, `1e21` and `1e+21`, integers past
/// 2^53), nor is the order of keys that look like an array index: those come first.
pub(super) fn stringify(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => text.push_str(&value.to_string()),
        Value::Number(number) => text.push_str(&stringify_number(number)),
        Value::Array(items) => {
            text.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(entries) => {
            text.push('{');
            for (position, (key, item)) in in_order(entries).into_iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key).to_string());
                text.push(':');
                write(item, text);
            }
            text.push('}');
        }
    }
}

/// First the array indices, ascending, then the other keys as they were added.
fn in_order(entries: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let mut ordered: Vec<_> = entries.iter().map(|(key, item)| (key.as_str(), item)).collect();
    ordered.sort_by_key(|(key, _)| array_index(key).unwrap_or(u32::MAX));
    ordered
}

/// The largest index of an array is 2^32 - 2.
fn array_index(key: &str) -> Option<u32> {
    let index: u32 = key.parse().ok()?;
    (index < u32::MAX && index.to_string() == key).then_some(index)
}

/// `Number::toString` of ECMAScript: the shortest digits that denote the same double, laid out by their
/// magnitude.
fn stringify_number(number: &Number) -> String {
    let Some(double) = number.as_f64().filter(|double| double.is_finite()) else {
        return "null".to_owned();
    };
    if double == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{:e}", double.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits = digits.replace('.', "");
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let sign = if double < 0.0 { "-" } else { "" };
    format!("{sign}{}", lay_out(&digits, exponent))
}

/// `digits` has its point after the first digit, times ten to the power of `exponent`.
fn lay_out(digits: &str, exponent: i32) -> String {
    let zeros = |count: usize| "0".repeat(count);
    match usize::try_from(exponent) {
        Ok(exponent) if exponent < 21 => {
            let whole = exponent + 1;
            match digits.split_at_checked(whole) {
                Some((whole, "")) => whole.to_owned(),
                Some((whole, fraction)) => format!("{whole}.{fraction}"),
                None => format!("{digits}{}", zeros(whole - digits.len())),
            }
        }
        Err(_) if exponent >= -6 => {
            let leading = usize::try_from(-exponent - 1).unwrap_or_default();
            format!("0.{}{digits}", zeros(leading))
        }
        _ => {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            format!("{first}{point}{rest}e{exponent:+}")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Expected values are the answers of Node.js.
    #[test]
    fn numbers_are_written_like_javascript_does() {
        for (number, expected) in [
            (json!(0), "0"),
            (json!(-0.0), "0"),
            (json!(1.0), "1"),
            (json!(-5), "-5"),
            (json!(1.5), "1.5"),
            (json!(-12.25), "-12.25"),
            (json!(0.1 + 0.2), "0.30000000000000004"),
            (json!(123_456.789), "123456.789"),
            (json!(1_790_000_000_123_u64), "1790000000123"),
            (json!(9_007_199_254_740_993_u64), "9007199254740992"),
            (json!(i64::MIN), "-9223372036854776000"),
            (json!(u64::MAX), "18446744073709552000"),
            (json!(1.0e20), "100000000000000000000"),
            (json!(1.234_567_890_123_456_8e20), "123456789012345680000"),
            (json!(1.0e21), "1e+21"),
            (json!(1.5e21), "1.5e+21"),
            (json!(1.0e-6), "0.000001"),
            (json!(1.5e-6), "0.0000015"),
            (json!(1.0e-7), "1e-7"),
            (json!(-1.25e-7), "-1.25e-7"),
            (json!(5.0e-324), "5e-324"),
            (json!(f64::MAX), "1.7976931348623157e+308"),
        ] {
            assert_eq!(stringify(&number), expected);
        }
    }

    #[test]
    fn strings_are_escaped_no_more_than_needed() {
        let text = Value::from("a/b<>&\u{2028}\u{7f}\u{0}\u{1f}\u{8}\t\n\u{c}\r\"\\é😀");
        assert_eq!(
            stringify(&text),
            "\"a/b<>&\u{2028}\u{7f}\\u0000\\u001f\\b\\t\\n\\f\\r\\\"\\\\é😀\""
        );
    }

    #[test]
    fn keys_keep_their_order_but_for_array_indices() {
        let text = r#"{"b":[1,{"a":null}],"10":true,"a":{},"2":[],"01":1,"4294967295":2,"4294967294":3}"#;
        assert_eq!(
            stringify(&serde_json::from_str(text).unwrap()),
            r#"{"2":[],"10":true,"4294967294":3,"b":[1,{"a":null}],"a":{},"01":1,"4294967295":2}"#
        );
    }
}
