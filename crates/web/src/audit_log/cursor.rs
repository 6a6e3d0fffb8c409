//! Where a list of events goes on, as an opaque text.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_domain::audit::EventPosition;
use doorward_domain::{has_control_characters, moment_of_millis};

/// Milliseconds since 1970 and the id, joined by a dot.
pub(super) fn encode(position: &EventPosition) -> String {
    let text = format!("{}.{}", position.at.timestamp_millis(), position.id);
    URL_SAFE_NO_PAD.encode(text)
}

pub(super) fn decode(cursor: &str) -> Option<EventPosition> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (millis, id) = text.split_once('.')?;
    let at = moment_of_millis(millis.parse().ok()?)?;
    let fits = !id.is_empty() && !has_control_characters(id);
    fits.then(|| EventPosition {
        at,
        id: id.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_the_way_to_the_client() {
        let position = EventPosition {
            at: moment_of_millis(1_700_000_000_123).unwrap(),
            id: "r-1.x-0000".to_owned(),
        };
        assert_eq!(decode(&encode(&position)), Some(position));
    }

    #[test]
    fn in_1_what_is_no_cursor_leads_nowhere() {
        for text in [
            "",
            "x",
            "7",
            "7.",
            ".id",
            "x.id",
            "7.a\u{0}",
            "9223372036854775807.id",
        ] {
            assert_eq!(decode(&URL_SAFE_NO_PAD.encode(text)), None, "{text}");
        }
        assert_eq!(decode("no cursor"), None);
    }
}
