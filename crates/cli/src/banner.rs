//! What a server says when it is up.

use std::fmt::Write;
use std::net::SocketAddr;

use crate::configuration::Ready;

/// Where everything is, and how to go on.
pub(crate) fn welcome(ready: &Ready, address: SocketAddr) -> String {
    let configuration = &ready.configuration;
    let api = configuration.settings.endpoint("");
    let mut text = format!(
        "\nDoorward {} is listening on {address}\n\n",
        env!("CARGO_PKG_VERSION")
    );
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<14} {value}");
    };
    line("API", &api);
    line("API reference", &format!("{api}/docs"));
    match &ready.database_file {
        Some(file) => line("Data", &file.display().to_string()),
        None => line("Data", "as configured by database.url"),
    }
    if let Some((file, is_new)) = &ready.secret_file {
        let remark = if *is_new {
            " (new; keep it: without it everybody is signed out)"
        } else {
            ""
        };
        line("Secret", &format!("{}{remark}", file.display()));
    }
    match &configuration.mail {
        Some(mail) => line("Mail", &format!("sent from {}", mail.from)),
        None => line("Mail", "printed here; set mail.smtp_url and mail.from to send it"),
    }
    let _ = if configuration.settings.email_and_password.enabled {
        let body = r#"{"name":"Ada","email":"ada@example.com","password":"nine green bottles"}"#;
        write!(
            text,
            "\nSign up the first user:\n\n  curl {api}/sign-up/email \\\n    -H 'Content-Type: application/json' \\\n    -d '{body}'\n\n"
        )
    } else {
        writeln!(
            text,
            "\nSigning up by password is off: email_and_password.enabled = true lets people in.\n"
        )
    };
    text
}
