//! An event as a line, in which no stored text can end the line, colour the terminal or look like another field (AU-2).

use std::fmt::Write;

use chrono::SecondsFormat;
use doorward_domain::audit::AuditEvent;
use doorward_domain::{SessionId, UserId};
use serde_json::json;

/// For people.
pub(super) fn text(event: &AuditEvent) -> String {
    let at = event.at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut line = format!("{at} {} {}", value(&event.kind), value(&event.outcome));
    let actor = match &event.actor_id {
        Some(id) => format!("{}:{id}", event.actor_kind),
        None => event.actor_kind.clone(),
    };
    let fields = [
        ("user", event.subject_id.as_ref().map(UserId::as_str)),
        ("by", Some(&*actor)),
        (
            "impersonated_by",
            event.impersonated_by.as_ref().map(UserId::as_str),
        ),
        ("session", event.session_id.as_ref().map(SessionId::as_str)),
        ("ip", event.ip_address.as_deref()),
        ("agent", event.user_agent.as_deref()),
        ("details", event.details.as_deref()),
        ("request", Some(&*event.request_id)),
    ];
    for (name, text) in fields {
        if let Some(text) = text {
            // Writing to a string cannot fail.
            let _ = write!(line, " {name}={}", value(text));
        }
    }
    line.push('\n');
    line
}

/// For programs: a JSON object of ASCII characters.
pub(super) fn json(event: &AuditEvent) -> String {
    let object = json!({
        "id": event.id,
        "at": event.at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "kind": event.kind,
        "outcome": event.outcome,
        "actorKind": event.actor_kind,
        "actorId": event.actor_id,
        "sessionId": event.session_id.as_ref().map(SessionId::as_str),
        "impersonatedBy": event.impersonated_by.as_ref().map(UserId::as_str),
        "userId": event.subject_id.as_ref().map(UserId::as_str),
        "requestId": event.request_id,
        "ipAddress": event.ip_address,
        "userAgent": event.user_agent,
        "details": event.details,
    });
    let mut line = String::new();
    for letter in object.to_string().chars() {
        if letter.is_ascii() && letter != '\x7f' {
            line.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(line, "\\u{unit:04x}");
        }
    }
    line.push('\n');
    line
}

/// A plain text as it is, any other in quotes and escaped.
pub(super) fn value(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/@+-".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if is_hidden(letter) => quoted.extend(letter.escape_unicode()),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether the letter shows nothing itself but changes how others are shown: control characters, marks that turn the direction of
/// writing, separators, and letters without width.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(letter, '\u{61c}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use doorward_domain::parse_moment;

    use super::*;

    fn event(agent: &str) -> AuditEvent {
        AuditEvent {
            id: "r-0000".to_owned(),
            kind: "session.issued".to_owned(),
            at: parse_moment("2026-01-02T03:04:05.678Z").unwrap(),
            actor_kind: "anonymous".to_owned(),
            actor_id: None,
            session_id: None,
            impersonated_by: None,
            subject_id: Some(UserId::from_stored("ada")),
            request_id: "r".to_owned(),
            ip_address: Some("192.0.2.9".to_owned()),
            user_agent: Some(agent.to_owned()),
            outcome: "success".to_owned(),
            details: None,
            proof: None,
        }
    }

    #[test]
    fn a_line_has_what_is_known() {
        assert_eq!(
            text(&event("Firefox 1 (ä)")),
            "2026-01-02T03:04:05.678Z session.issued success user=ada by=anonymous ip=192.0.2.9 agent=\"Firefox 1 (ä)\" request=r\n"
        );
    }

    #[test]
    fn au_2_no_text_ends_the_line_or_commands_the_terminal() {
        let agent = "x\" user=eve\r\n\u{1b}[2J\u{9b}31m\u{202e}\u{2028}\\\u{7f}";
        let line = text(&event(agent));
        assert!(
            line.contains(r#"agent="x\" user=eve\u{d}\u{a}\u{1b}[2J\u{9b}31m\u{202e}\u{2028}\\\u{7f}""#),
            "{line}"
        );
        assert_eq!(line.matches('\n').count(), 1);
        let line = json(&event(agent));
        assert!(
            line.ends_with("}\n") && line.trim_end().bytes().all(|byte| (b' '..=b'~').contains(&byte)),
            "{line}"
        );
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(object["userAgent"], agent);
    }
}
