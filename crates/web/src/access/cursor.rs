//! Where a list of users goes on, as an opaque text.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_domain::user::{Cursor, FilterValue};
use doorward_domain::{UserId, moment_of_millis};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Key {
    Text(String),
    /// Milliseconds since 1970.
    DateTime(i64),
}

pub(super) fn encode(position: &Cursor) -> Option<String> {
    let key = match &position.key {
        FilterValue::Text(text) => Key::Text(text.clone()),
        FilterValue::DateTime(moment) => Key::DateTime(moment.timestamp_millis()),
        FilterValue::Bool(_) => return None,
    };
    let text = serde_json::to_vec(&(key, position.id.as_str())).ok()?;
    Some(URL_SAFE_NO_PAD.encode(text))
}

pub(super) fn decode(cursor: &str) -> Option<Cursor> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (key, id): (Key, String) = serde_json::from_slice(&text).ok()?;
    let key = match key {
        Key::Text(text) => FilterValue::Text(text),
        Key::DateTime(millis) => FilterValue::DateTime(moment_of_millis(millis)?),
    };
    let plain = |text: &str| !doorward_domain::has_control_characters(text);
    let fits = plain(&id) && !matches!(&key, FilterValue::Text(text) if !plain(text));
    fits.then(|| Cursor {
        key,
        id: UserId::from_stored(id),
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_place_survives_the_way_to_the_client() {
        for key in [
            FilterValue::Text("ada@example.test".into()),
            FilterValue::DateTime(DateTime::from_timestamp_millis(1_700_000_000_123).unwrap()),
        ] {
            let position = Cursor {
                key,
                id: UserId::from_stored("id"),
            };
            assert_eq!(decode(&encode(&position).unwrap()), Some(position));
        }
    }

    #[test]
    fn in_1_what_is_no_cursor_leads_nowhere() {
        for text in [
            "",
            "x",
            "e30",
            "bnVsbA",
            "W10",
            &URL_SAFE_NO_PAD.encode(r#"[{"moment":9e99},"x"]"#),
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
        let with_nul = URL_SAFE_NO_PAD.encode(r#"[{"text":"a\u0000"},"x"]"#);
        assert_eq!(decode(&with_nul), None);
        let far = URL_SAFE_NO_PAD.encode(format!(r#"[{{"moment":{}}},"x"]"#, i64::MAX));
        assert_eq!(decode(&far), None);
    }
}
