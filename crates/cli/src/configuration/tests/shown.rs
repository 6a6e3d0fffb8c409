use super::*;

#[test]
fn sk_1_a_secret_that_looks_like_a_url_is_not_shown() {
    let variables = [
        ("DOORWARD_SECRET", "sqlite://9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e"),
        (
            "DOORWARD_MAIL__SMTP_URL",
            "smtp://KEY-of-relay@mail.example.test:587",
        ),
    ];
    let printed = load(&environment(&variables)).unwrap().print();
    assert!(
        !printed.contains("9f2c6d1e") && !printed.contains("KEY-of-relay"),
        "{printed}"
    );
    assert!(
        printed.contains("smtp://redacted@mail.example.test:587"),
        "{printed}"
    );
    // Nor are credentials in what is otherwise shown, whether it is refused or printed.
    for (name, value) in [
        ("DOORWARD_BASE_URL", "https://u:hunter2@auth.example.test"),
        (
            "DOORWARD_TRUSTED_ORIGINS",
            "https://a.example.test,https://u:hunter2@b.example.test",
        ),
        ("DOORWARD_TRUSTED_ORIGINS", "https://u:hunter2@*.example.test"),
        ("DOORWARD_TRUSTED_ORIGINS", "myapp://u:hunter2@host/cb"),
        ("DOORWARD_TRUSTED_ORIGINS", "u:hunter2@b.example.test"),
        ("DOORWARD_TRUSTED_ORIGINS", "https://u:hun@ter2@b.example.test"),
    ] {
        let problem = problem(&[(name, value)]);
        let printed = load(&environment(&[(name, value)])).unwrap().print();
        for shown in [problem.to_string(), printed] {
            assert!(!shown.contains("hunter2") && !shown.contains("ter2@"), "{shown}");
            assert!(
                shown.contains("example.test") || shown.contains("host/cb"),
                "{shown}"
            );
        }
    }
}
