/// What every browser takes for one cookie, with some room.
const MOST_BYTES: usize = 4050;
/// Who has more to say does not say it in cookies.
const MOST_CHUNKS: usize = 100;

/// The cookies that carry the value: one of this name, or `name.0`, `name.1` … if it would get too large.
///
/// `attributes` is the length of what follows the value in `Set-Cookie`, from its `;` on. A value too large
/// even for that gives no cookie at all.
pub(crate) fn split(name: &str, value: &str, attributes: usize) -> Vec<(String, String)> {
    let around = name.len() + ".99=".len() + attributes;
    let Some(room) = MOST_BYTES.checked_sub(around).filter(|&room| room > 0) else {
        return Vec::new();
    };
    if value.len() <= room {
        return vec![(name.to_owned(), value.to_owned())];
    }
    if value.len().div_ceil(room) > MOST_CHUNKS {
        return Vec::new();
    }
    let text = |chunk| String::from_utf8_lossy(chunk).into_owned(); // ASCII, both base64url and tokens
    let chunks = value.as_bytes().chunks(room).map(text);
    chunks
        .enumerate()
        .map(|(index, chunk)| (format!("{name}.{index}"), chunk))
        .collect()
}

/// The value out of the request's cookies, in whatever order the chunks come. None if there is no such
/// cookie.
pub(crate) fn join<'a>(name: &str, cookies: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let mut chunks = Vec::new();
    for (found, value) in cookies {
        if found == name && !value.is_empty() {
            return Some(value.to_owned());
        }
        if let Some(index) = chunk_index(name, found) {
            chunks.push((index, value));
        }
    }
    chunks.sort_by_key(|&(index, _)| index);
    chunks.dedup_by_key(|&mut (index, _)| index);
    (!chunks.is_empty()).then(|| chunks.into_iter().map(|(_, value)| value).collect())
}

fn chunk_index(name: &str, found: &str) -> Option<usize> {
    let suffix = found.strip_prefix(name)?.strip_prefix('.')?;
    let index: usize = suffix.parse().ok()?;
    (index < MOST_CHUNKS && index.to_string() == suffix).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "better-auth.session_data";
    const ATTRIBUTES: &str = "; Max-Age=300; Path=/; HttpOnly; SameSite=Lax";

    fn split_here(value: &str) -> Vec<(String, String)> {
        split(NAME, value, ATTRIBUTES.len())
    }

    fn borrowed(cookies: &[(String, String)]) -> Vec<(&str, &str)> {
        cookies.iter().map(|(name, value)| (&**name, &**value)).collect()
    }

    /// The sizes are those of Better Auth for the same name, attributes and length.
    #[test]
    fn large_values_are_split_like_better_auth_does() {
        let value = "x".repeat(8962);
        let sizes: Vec<_> = split_here(&value)
            .into_iter()
            .map(|(name, chunk)| (name, chunk.len()))
            .collect();
        assert_eq!(
            sizes,
            [3977, 3977, 1008]
                .into_iter()
                .enumerate()
                .map(|(index, size)| (format!("{NAME}.{index}"), size))
                .collect::<Vec<_>>()
        );
        assert_eq!(
            split_here(&"x".repeat(3977)),
            [(NAME.to_owned(), "x".repeat(3977))]
        );
        assert_eq!(split_here(&"x".repeat(3978)).len(), 2);
    }

    #[test]
    fn what_no_browser_would_keep_is_not_sent() {
        assert_eq!(split_here(&"x".repeat(3977 * 100)).len(), 100);
        assert!(split_here(&"x".repeat(3977 * 100 + 1)).is_empty());
        assert!(split(NAME, "x", 4050).is_empty());
    }

    #[test]
    fn chunks_are_joined_by_number() {
        let value: String = ('a'..='z').cycle().take(50_000).collect();
        let mut cookies = split_here(&value);
        cookies.reverse();
        assert_eq!(join(NAME, borrowed(&cookies)), Some(value.clone()));
        cookies.push((format!("{NAME}.01"), "z".to_owned()));
        cookies.push((format!("{NAME}.-1"), "z".to_owned()));
        cookies.push((format!("{NAME}.x"), "z".to_owned()));
        cookies.push((format!("{NAME}.1000000"), "z".to_owned()));
        cookies.push((format!("{NAME}s"), "z".to_owned()));
        assert_eq!(join(NAME, borrowed(&cookies)), Some(value));
    }

    #[test]
    fn an_unsplit_cookie_comes_before_chunks() {
        let chunk = format!("{NAME}.0");
        assert_eq!(
            join(NAME, [(&*chunk, "chunk"), (NAME, "whole")]),
            Some("whole".to_owned())
        );
        assert_eq!(
            join(NAME, [(NAME, ""), (&chunk, "chunk")]),
            Some("chunk".to_owned())
        );
        assert_eq!(join(NAME, [("other", "x"), (NAME, "")]), None);
    }
}
