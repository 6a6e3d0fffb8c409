mod rate_limit;
mod shown;

use std::fs;

use super::*;

const SECRET: &str = "9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e";

fn environment(variables: &[(&str, &str)]) -> Sources {
    let environment = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Sources {
        environment,
        ..Sources::default()
    }
}

fn configuration(variables: &[(&str, &str)]) -> Result<Configuration, ConfigError> {
    let mut all = vec![
        ("DOORWARD_SECRET", SECRET),
        ("DOORWARD_DATABASE__URL", "sqlite::memory:"),
    ];
    all.retain(|(name, _)| !variables.iter().any(|(other, _)| other == name));
    all.extend(variables);
    Ok(load(&environment(&all))?
        .prepare(Vec::new(), |policy| policy)?
        .configuration)
}

fn problem(variables: &[(&str, &str)]) -> ConfigError {
    configuration(variables).map(|_| ()).unwrap_err()
}

#[test]
fn later_sources_overrule_earlier_ones() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("some.toml");
    fs::write(
        &file,
        "base_path = \"/file\"\nlisten = \"127.0.0.1:1\"\n[session]\nexpires_in = 10\nupdate_age = 1.5\n",
    )
    .unwrap();
    let mut sources = environment(&[
        ("PORT", "2"),
        ("DOORWARD_SESSION__EXPIRES_IN", "20"),
        ("BETTER_AUTH_SECRET", "another-9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e"),
        ("DOORWARD_SECRET", SECRET),
        ("DOORWARD_DATABASE__URL", "sqlite::memory:"),
    ]);
    sources.file = Some(file);
    sources
        .flags
        .push(("--listen", "listen", "127.0.0.1:3".to_owned()));
    let loaded = load(&sources).unwrap();
    let printed = loaded.print();
    let configuration = loaded.prepare(Vec::new(), |policy| policy).unwrap().configuration;
    assert_eq!(configuration.settings.base_path, "/file");
    assert_eq!(configuration.settings.session.expires_in.num_seconds(), 20);
    assert_eq!(configuration.settings.session.update_age.num_milliseconds(), 1500);
    assert_eq!(configuration.http.listen.port(), 3);
    assert_eq!(configuration.secrets.current().secret.expose(), SECRET);
    for (line, origin) in [
        ("listen = \"127.0.0.1:3\"", "--listen"),
        ("session.expires_in = 20", "DOORWARD_SESSION__EXPIRES_IN"),
        ("secret = [redacted]", "DOORWARD_SECRET"),
        ("session.fresh_age = 86400", "default"),
    ] {
        let found = printed
            .lines()
            .find(|printed| printed.starts_with(line))
            .unwrap_or_else(|| panic!("{line}\n{printed}"));
        assert!(found.ends_with(&format!("# {origin}")), "{found}");
    }
    assert!(
        printed
            .lines()
            .any(|line| line.starts_with("base_path") && line.ends_with("some.toml")),
        "{printed}"
    );
}

#[test]
fn variables_of_better_auth_and_of_platforms_are_fallbacks() {
    let ready = load(&environment(&[
        ("BETTER_AUTH_SECRET", SECRET),
        ("BETTER_AUTH_URL", "https://auth.example.test/auth"),
        (
            "BETTER_AUTH_TRUSTED_ORIGINS",
            "https://a.example.test, https://b.example.test",
        ),
        ("DATABASE_URL", "postgres://ada:hunter2@db.example.test/users"),
        ("PORT", "8080"),
    ]));
    let loaded = ready.unwrap();
    let printed = loaded.print();
    assert!(
        !printed.contains("hunter2") && !printed.contains(SECRET),
        "SK-1: {printed}"
    );
    assert!(
        printed.contains("database.url = \"postgres://ada:redacted@db.example.test/users\""),
        "{printed}"
    );
    let configuration = loaded.prepare(Vec::new(), |policy| policy).unwrap().configuration;
    assert_eq!(
        configuration.settings.base_url.to_string(),
        "https://auth.example.test"
    );
    assert_eq!(configuration.settings.base_path, "/auth");
    assert_eq!(
        configuration.http.trusted_origins,
        ["https://a.example.test", "https://b.example.test"]
    );
    assert_eq!(configuration.http.listen.to_string(), "0.0.0.0:8080");
    assert_eq!(
        configuration.database_url.expose(),
        "postgres://ada:hunter2@db.example.test/users"
    );
}

#[test]
fn both_lists_of_trusted_origins_count() {
    let both = [
        (
            "DOORWARD_TRUSTED_ORIGINS",
            "https://config.test,https://both.test",
        ),
        (
            "BETTER_AUTH_TRUSTED_ORIGINS",
            "https://env.test,https://both.test",
        ),
    ];
    let ours = configuration(&both).unwrap();
    let listed: Vec<_> = ours
        .http
        .trusted_origins
        .iter()
        .filter(|origin| origin.contains(".test"))
        .collect();
    assert_eq!(
        listed,
        ["https://config.test", "https://both.test", "https://env.test"]
    );
}

#[test]
fn a_field_has_the_name_of_a_column_only_where_that_is_not_in_use() {
    let field = |table: &str, name: &str, kind: &'static str| {
        (
            format!("DOORWARD_{table}__ADDITIONAL_FIELDS__{name}__TYPE"),
            kind.to_owned(),
        )
    };
    let fits = |field: (String, String), on: Option<&str>| {
        let mut variables = vec![(field.0.as_str(), field.1.as_str())];
        variables.extend(on.map(|option| (option, "true")));
        configuration(&variables).is_ok()
    };
    let (admin, username) = ("DOORWARD_ADMIN__ENABLED", "DOORWARD_USERNAME__ENABLED");
    assert!(fits(field("USER", "ROLE", "string"), None));
    assert!(fits(field("USER", "ROLE", "string"), Some(username)));
    assert!(!fits(field("USER", "ROLE", "string"), Some(admin)));
    assert!(
        !fits(field("USER", "ROLE", "number"), None),
        "the column holds text"
    );
    assert!(fits(field("USER", "USERNAME", "string"), Some(admin)));
    assert!(!fits(field("USER", "USERNAME", "string"), Some(username)));
    assert!(fits(field("SESSION", "ROLE", "string"), Some(admin)));
    assert!(fits(field("USER", "TOKEN", "string"), Some(admin)));
    assert!(!fits(field("SESSION", "TOKEN", "string"), None));
    assert!(!fits(field("USER", "EMAIL", "string"), None));
}

#[test]
fn sk_3_secrets_are_read_from_files() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("secret");
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    let path = file.display().to_string();
    let variables = [
        ("DOORWARD_SECRET_FILE", path.as_str()),
        ("DOORWARD_DATABASE__URL", "sqlite::memory:"),
    ];
    let loaded = load(&environment(&variables)).unwrap();
    assert!(loaded.print().contains("# DOORWARD_SECRET_FILE"));
    assert_eq!(
        loaded
            .prepare(Vec::new(), |policy| policy)
            .unwrap()
            .configuration
            .secrets
            .current()
            .secret
            .expose(),
        SECRET
    );

    let both = [
        ("DOORWARD_SECRET_FILE", path.as_str()),
        ("DOORWARD_SECRET", SECRET),
    ];
    assert_eq!(load(&environment(&both)).unwrap_err().key, "DOORWARD_SECRET");
    let missing = load(&environment(&[("DOORWARD_SECRET_FILE", "/nowhere/at/all")])).unwrap_err();
    assert!(missing.what.contains("/nowhere/at/all"), "{missing}");
    // Only secrets: this is an unknown option.
    let other = load(&environment(&[("DOORWARD_LISTEN_FILE", path.as_str())])).unwrap_err();
    assert_eq!(other.key, "listen_file");
}

#[test]
fn an_unknown_option_names_the_nearest() {
    let problem = problem(&[("DOORWARD_SESSION__EXPIRE_IN", "5")]);
    assert_eq!(problem.key, "session.expire_in");
    assert_eq!(problem.origin.as_deref(), Some("DOORWARD_SESSION__EXPIRE_IN"));
    assert!(
        problem
            .fix
            .contains("session.expires_in (DOORWARD_SESSION__EXPIRES_IN)"),
        "{problem}"
    );
    assert!(configuration(&[("DOORWARD_TEST_POSTGRES_URL", "postgres://somewhere")]).is_ok());
}

#[test]
fn values_of_the_wrong_kind_are_refused() {
    for (name, value) in [
        ("DOORWARD_LISTEN", "everywhere"),
        ("DOORWARD_SESSION__EXPIRES_IN", "soon"),
        ("DOORWARD_SESSION__EXPIRES_IN", "-5"),
        ("DOORWARD_SESSION__EXPIRES_IN", "NaN"),
        ("DOORWARD_SESSION__EXPIRES_IN", "1e300"),
        ("DOORWARD_PRESET", "soft"),
        ("DOORWARD_PASSWORD__THREADS", "0"),
        ("DOORWARD_MAX_BODY_BYTES", "-1"),
        ("DOORWARD_EMAIL_AND_PASSWORD__ENABLED", "yes"),
    ] {
        let problem = problem(&[(name, value)]);
        assert_eq!(problem.origin.as_deref(), Some(name));
        assert!(problem.what.contains(value), "{problem}");
    }
}

#[test]
fn options_that_contradict_each_other_or_endanger_users_are_refused() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("secret", &[("DOORWARD_SECRET", "short")]),
        (
            "secret",
            &[("DOORWARD_SECRET", ""), ("BETTER_AUTH_SECRET", SECRET)],
        ),
        ("base_url", &[("DOORWARD_BASE_URL", "http://auth.example.test")]),
        ("base_url", &[("DOORWARD_BASE_URL", "auth.example.test")]),
        ("listen", &[("DOORWARD_LISTEN", "127.0.0.1:0")]),
        ("base_path", &[("DOORWARD_BASE_PATH", "api auth")]),
        (
            "trusted_origins",
            &[("DOORWARD_TRUSTED_ORIGINS", "javascript:alert(1)")],
        ),
        ("session.expires_in", &[("DOORWARD_SESSION__EXPIRES_IN", "0")]),
        ("session.memory", &[("DOORWARD_SESSION__MEMORY", "1.1")]),
        (
            "session.cookie_cache.max_age",
            &[("DOORWARD_SESSION__COOKIE_CACHE__MAX_AGE", "301")],
        ),
        (
            "email_and_password.min_password_length",
            &[("DOORWARD_EMAIL_AND_PASSWORD__MIN_PASSWORD_LENGTH", "200")],
        ),
        (
            "email_and_password.min_password_length",
            &[("DOORWARD_EMAIL_AND_PASSWORD__MIN_PASSWORD_LENGTH", "7")],
        ),
        ("password", &[("DOORWARD_PASSWORD__MEMORY_KIB", "1024")]),
        ("mail.from", &[("DOORWARD_MAIL__SMTP_URL", "smtp://127.0.0.1:25")]),
        ("rate_limit.max", &[("DOORWARD_RATE_LIMIT__MAX", "0")]),
        ("rate_limit.window", &[("DOORWARD_RATE_LIMIT__WINDOW", "86401")]),
        (
            "advanced.ip_address",
            &[("DOORWARD_ADVANCED__IP_ADDRESS__IPV6_SUBNET", "16")],
        ),
        (
            "security.max_password_attempts",
            &[("DOORWARD_SECURITY__MAX_PASSWORD_ATTEMPTS", "101")],
        ),
        (
            "user.additional_fields.locale.type",
            &[("DOORWARD_USER__ADDITIONAL_FIELDS__LOCALE__TYPE", "text")],
        ),
        ("admin.setup_token", &[("DOORWARD_ADMIN__SETUP_TOKEN", "short")]),
        (
            "admin.setup_token",
            &[("DOORWARD_ADMIN__SETUP_TOKEN", "abcdefghijklmnopqrstuvwxyzabcdef")],
        ),
        (
            "admin.setup_token",
            &[(
                "DOORWARD_ADMIN__SETUP_TOKEN",
                "better-auth-secret-123456789012345678901234567890",
            )],
        ),
        (
            "admin.impersonation_session_duration",
            &[("DOORWARD_ADMIN__IMPERSONATION_SESSION_DURATION", "3601")],
        ),
        (
            "access.roles.accountant.invoice",
            &[
                ("DOORWARD_ACCESS__RESOURCES__INVOICE", "read,approve"),
                ("DOORWARD_ACCESS__ROLES__ACCOUNTANT__INVOICE", "aprove"),
            ],
        ),
        (
            "access.roles.admin",
            &[("DOORWARD_ACCESS__ROLES__ADMIN__USER", "list")],
        ),
        (
            "access.resources.invoice",
            &[("DOORWARD_ACCESS__RESOURCES__INVOICE", "a b")],
        ),
        (
            "admin.roles.support.user",
            &[("DOORWARD_ADMIN__ROLES__SUPPORT__USER", "lisst")],
        ),
        ("admin.default_role", &[("DOORWARD_ADMIN__DEFAULT_ROLE", "membr")]),
        ("admin.admin_roles", &[("DOORWARD_ADMIN__ADMIN_ROLES", "owner")]),
    ];
    for &(key, variables) in cases {
        assert_eq!(problem(variables).key, key, "{variables:?}");
    }
}

#[test]
fn sk_4_an_unencrypted_address_is_for_this_machine_only() {
    for url in [
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[::1]:3000",
        "http://app.localhost",
    ] {
        assert!(configuration(&[("DOORWARD_BASE_URL", url)]).is_ok(), "{url}");
    }
    assert_eq!(
        problem(&[("DOORWARD_BASE_URL", "http://localhost.example.test")]).key,
        "base_url"
    );
    let insecure = [
        ("DOORWARD_BASE_URL", "http://auth.example.test"),
        ("DOORWARD_ALLOW_INSECURE", "true"),
    ];
    assert!(configuration(&insecure).is_ok());
}

#[test]
fn a_broken_file_is_named_without_its_text() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("broken.toml");
    fs::write(&file, "preset = \"hardened\"\nsecret = \"hunter2-hunter2\n").unwrap();
    let sources = Sources {
        file: Some(file),
        ..Sources::default()
    };
    let problem = load(&sources).unwrap_err();
    assert!(problem.key.ends_with("broken.toml"), "{problem}");
    assert!(problem.what.contains("line 2"), "{problem}");
    assert!(!problem.to_string().contains("hunter2"), "SK-1: {problem}");

    let missing = Sources {
        file: Some(home.path().join("missing.toml")),
        ..Sources::default()
    };
    assert!(load(&missing).unwrap_err().key.ends_with("missing.toml"));
}

#[test]
fn a_misspelt_permission_is_told_the_nearest_one() {
    let problem = problem(&[
        ("DOORWARD_ACCESS__RESOURCES__INVOICE", "read,approve"),
        ("DOORWARD_ACCESS__ROLES__ACCOUNTANT__INVOICE", "read,aprove"),
    ]);
    assert!(problem.to_string().contains("invoice:approve"), "{problem}");
}

#[test]
fn roles_are_added_to_the_shipped_ones() {
    let variables = [
        ("DOORWARD_ACCESS__RESOURCES__INVOICE", "read,approve"),
        ("DOORWARD_ACCESS__ROLES__ACCOUNTANT__INVOICE", "read,approve"),
        ("DOORWARD_ACCESS__ROLES__VISITOR", ""),
    ];
    let policy = configuration(&variables).unwrap().settings.access;
    let roles: Vec<_> = policy
        .roles()
        .map(|(role, granted)| (role, granted.len()))
        .collect();
    assert_eq!(
        roles,
        [("accountant", 2), ("admin", 16), ("user", 0), ("visitor", 0)]
    );
}

#[test]
fn better_auth_s_roles_replace_the_shipped_ones() {
    let variables = [
        ("DOORWARD_ADMIN__ROLES__OWNER__USER", "list,get"),
        ("DOORWARD_ADMIN__ROLES__OWNER__PROJECT", "create"),
        ("DOORWARD_ADMIN__ROLES__MEMBER__USER", ""),
        ("DOORWARD_ADMIN__DEFAULT_ROLE", "member"),
        ("DOORWARD_ADMIN__ADMIN_ROLES", "owner"),
    ];
    let policy = configuration(&variables).unwrap().settings.access;
    let roles: Vec<_> = policy
        .roles()
        .map(|(role, granted)| (role, granted.len()))
        .collect();
    assert_eq!(roles, [("member", 0), ("owner", 3)]);
    assert_eq!(policy.administrators().roles, ["owner"]);
    assert_eq!(policy.default_role().as_str(), "member");
}

#[test]
fn auth_secret_counts_where_no_other_is_set() {
    let variables = [
        ("AUTH_SECRET", SECRET),
        ("DOORWARD_DATABASE__URL", "sqlite::memory:"),
    ];
    let ready = load(&environment(&variables))
        .unwrap()
        .prepare(Vec::new(), |policy| policy)
        .unwrap();
    assert_eq!(ready.configuration.secrets.current().secret.expose(), SECRET);
}
