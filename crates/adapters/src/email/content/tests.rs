use doorward_domain::Secret;
use doorward_domain::email::CustomEmail;

use super::*;

const LINK: &str = "https://auth.example.test/api/auth/verify-email?token=abc&callbackURL=%2Fwelcome";

fn message(kind: EmailKind, name: &str) -> EmailMessage {
    EmailMessage {
        kind,
        to: Email::parse("ada@example.test").unwrap(),
        name: UserName::from_stored(name),
        link: Secret::new(LINK.to_owned()),
    }
}

fn content(kind: EmailKind, name: &str) -> Content {
    Content::of(&message(kind, name), Some("Example & Sons")).unwrap()
}

#[test]
fn the_link_is_the_first_url_of_every_text_and_stands_alone() {
    for kind in EmailKind::samples() {
        let text = content(kind.clone(), "Ada").text;
        let start = text.find("http").unwrap();
        assert!(text[start..].starts_with(LINK), "{kind:?}");
        assert!(text.lines().any(|line| line == LINK), "{kind:?}");
        assert_eq!(text.matches("://").count(), 1, "{kind:?}");
        assert!(text.starts_with("Hello Ada,\n\n"), "{text}");
        assert!(text.ends_with("\n\nExample & Sons\n"), "{text}");
        assert!(!text.contains("\n\n\n"), "{text}");
        assert!(
            text.lines().all(|line| line == LINK || line.chars().count() < 79),
            "{text}"
        );
    }
}

#[test]
fn every_kind_has_a_subject_and_words_of_its_own() {
    let contents: Vec<_> = EmailKind::samples()
        .into_iter()
        .map(|kind| content(kind, "Ada"))
        .collect();
    for (index, one) in contents.iter().enumerate() {
        for other in &contents[index + 1..] {
            assert_ne!(one.subject, other.subject);
            assert_ne!(one.text, other.text);
            assert_ne!(one.html, other.html);
        }
    }
}

#[test]
fn html_leads_where_the_text_leads() {
    for kind in EmailKind::samples() {
        let html = content(kind.clone(), "Ada").html.unwrap();
        let escaped = LINK.replace('&', "&#38;");
        assert!(html.contains(&format!("href=\"{escaped}\"")), "{html}");
        assert!(html.contains("Hello Ada,"), "{kind:?}");
        assert!(html.contains("Example &#38; Sons"), "{kind:?}");
        assert!(
            !html.contains("<img") && !html.contains("<script") && !html.contains("url("),
            "{kind:?}"
        );
    }
}

#[test]
fn the_new_address_is_named_to_the_old_one() {
    let new_email = Email::parse("o'brien@example.test").unwrap();
    let content = content(EmailKind::ConfirmEmailChange { new_email }, "Ada");
    assert!(content.text.contains("o'brien@example.test"));
    assert!(content.html.unwrap().contains("o&#39;brien@example.test"));
}

#[test]
fn ml_2_markup_in_a_name_is_escaped() {
    let html = content(EmailKind::VerifyEmail, "<b onclick='x()'>\"Ada\" & Co</b>")
        .html
        .unwrap();
    assert!(!html.contains("<b "), "{html}");
    assert!(
        html.contains("&#60;b onclick=&#39;x()&#39;&#62;&#34;Ada&#34; &#38; Co"),
        "{html}"
    );
}

#[test]
fn ml_2_names_that_could_carry_a_link_are_left_out() {
    for name in [
        "",
        "   ",
        "https://evil.example",
        "You won! http://evil.example/prize",
        "javascript://x",
        "WWW.evil.example now",
        "visit evil.example/prize",
        "evil.example",
        "go to evil.example.",
        "win(evil.example)",
        "prize@evil.example",
        "evil.example:8080",
        "Ada\nBcc: x",
        "Ada\u{202e}moc.live",
    ] {
        assert_eq!(presentable(&UserName::from_stored(name)), None, "{name}");
        assert!(
            content(EmailKind::VerifyEmail, name).text.starts_with("Hello,\n"),
            "{name}"
        );
    }
}

#[test]
fn ml_2_ordinary_names_are_kept_and_long_ones_cut() {
    for name in [
        "Ada",
        "J.R.R. Tolkien",
        "Zoë \"Ω\" 🦀",
        "Martin Luther King Jr.",
        "李小龍",
        "A. N. Other",
    ] {
        assert_eq!(presentable(&UserName::from_stored(name)).as_deref(), Some(name));
    }
    let fits = "ä".repeat(64);
    assert_eq!(
        presentable(&UserName::from_stored(fits.clone())).as_deref(),
        Some(&*fits)
    );
    let long = presentable(&UserName::from_stored("ä".repeat(65))).unwrap();
    assert_eq!(long, format!("{fits}…"));
}

#[test]
fn without_a_name_to_sign_with_there_is_no_signature() {
    let content = Content::of(&message(EmailKind::ResetPassword, "Ada"), None).unwrap();
    assert!(content.text.ends_with(".\n"), "{}", content.text);
    assert!(!content.text.ends_with("\n\n"));
}

#[test]
fn what_a_module_wrote_stays_as_it_is() {
    for html in [None, Some("<p>Hello & <b>welcome</b></p>")] {
        let email = CustomEmail::new("a", "You are invited", "Hello & <welcome>", html).unwrap();
        let content = content(EmailKind::Custom(email), "Ada");
        assert_eq!(content.subject, "You are invited");
        assert_eq!(content.text, "Hello & <welcome>");
        assert_eq!(content.html.as_deref(), html);
    }
}
