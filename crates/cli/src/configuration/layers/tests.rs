use super::super::load;
use super::*;

const SECRET: &str = "9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e";

const OLD: &str = "another-9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e";

/// The ids and secrets of a server with these variables and this file, the current one first.
fn secrets(variables: &[(&str, &str)], file: &str) -> Result<Vec<(String, String)>, ConfigError> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("doorward.toml");
    fs::write(&path, file).unwrap();
    let database = ("DOORWARD_DATABASE__URL", "sqlite::memory:");
    let all = variables.iter().chain([&database]);
    let sources = Sources {
        file: Some(path),
        environment: all
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..Sources::default()
    };
    let loaded = load(&sources)?;
    let printed = loaded.print();
    assert!(
        !printed.contains(SECRET) && !printed.contains(OLD),
        "SK-1: {printed}"
    );
    let ready = loaded.prepare(Vec::new(), |policy| policy)?;
    let keys = ready.configuration.secrets;
    let shown = keys
        .keys()
        .map(|key| (key.id.to_string(), key.secret.expose().clone()));
    Ok(shown.collect())
}

fn pair(id: &str, secret: &str) -> (String, String) {
    (id.to_owned(), secret.to_owned())
}

#[test]
fn c5_kr_2_versioned_secrets_of_better_auth_count_and_the_first_is_current() {
    let given = |value: &str| secrets(&[("BETTER_AUTH_SECRET", OLD), ("BETTER_AUTH_SECRETS", value)], "");
    for (value, keys) in [
        (
            format!("2:{SECRET},1:{OLD}"),
            vec![pair("2", SECRET), pair("1", OLD)],
        ),
        (
            format!("1:{SECRET}, 2:{OLD}"),
            vec![pair("1", SECRET), pair("2", OLD)],
        ),
        (format!(" 7: {SECRET} "), vec![pair("7", SECRET)]),
        (
            format!("1:{SECRET}:more"),
            vec![pair("1", &format!("{SECRET}:more"))],
        ),
        (String::new(), vec![pair("1", OLD)]),
    ] {
        assert_eq!(given(&value).unwrap(), keys, "{value}");
    }
    for wrong in [
        SECRET.to_owned(),
        format!("new:{SECRET}"),
        format!("-1:{SECRET}"),
        format!("2:,1:{SECRET}"),
        format!("2:{SECRET},"),
        format!("2:{SECRET},2:{OLD}"),
        format!("2:{SECRET},1:{SECRET}"),
    ] {
        let problem = given(&wrong).unwrap_err();
        assert_eq!(problem.key, "secrets", "{wrong}");
        assert_eq!(problem.origin.as_deref(), Some("BETTER_AUTH_SECRETS"), "{wrong}");
        assert!(!problem.to_string().contains(SECRET), "SK-1: {problem}");
    }
}

#[test]
fn kr_2_the_later_source_says_which_secrets_there_are() {
    let both = format!("2:{SECRET},1:{OLD}");
    let keys = vec![pair("2", SECRET), pair("1", OLD)];
    let list = format!("secrets = [\"2:{SECRET}\", \"1:{OLD}\"]");
    let alone = format!("secret = \"{OLD}\"");
    for (variables, file, expected) in [
        (vec![("DOORWARD_SECRETS", &*both)], "", &keys),
        (vec![("DOORWARD_SECRETS", &both)], &*alone, &keys),
        (
            vec![("DOORWARD_SECRETS", &both), ("BETTER_AUTH_SECRET", OLD)],
            "",
            &keys,
        ),
        (vec![], &list, &keys),
        (vec![("DOORWARD_SECRET", SECRET)], &list, &vec![pair("1", SECRET)]),
        (
            vec![("DOORWARD_SECRET", SECRET), ("BETTER_AUTH_SECRETS", &both)],
            "",
            &vec![pair("1", SECRET)],
        ),
    ] {
        assert_eq!(
            secrets(&variables, file).unwrap(),
            *expected,
            "{variables:?} {file}"
        );
    }
    let in_environment = secrets(&[("DOORWARD_SECRETS", &both), ("DOORWARD_SECRET", OLD)], "");
    let in_file = secrets(&[], &format!("{list}\n{alone}"));
    for problem in [in_environment.unwrap_err(), in_file.unwrap_err()] {
        assert_eq!(problem.key, "secrets");
        assert!(problem.to_string().contains("fix: remove secret"), "{problem}");
    }
}

#[test]
fn sk_3_secrets_are_read_from_a_file_one_a_line() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("secrets");
    fs::write(&file, format!("2:{SECRET}\n1:{OLD}\n")).unwrap();
    let path = file.display().to_string();
    let keys = secrets(&[("DOORWARD_SECRETS_FILE", &path)], "").unwrap();
    assert_eq!(keys, vec![pair("2", SECRET), pair("1", OLD)]);
}

#[test]
fn sk_4_each_of_the_secrets_is_checked() {
    let problem = secrets(&[("DOORWARD_SECRETS", &format!("2:{SECRET},1:aaaaaaaa"))], "");
    let problem = problem.unwrap_err();
    assert_eq!(problem.origin.as_deref(), Some("DOORWARD_SECRETS"));
    assert!(problem.to_string().contains("id 1"), "{problem}");
    let single = secrets(&[("DOORWARD_SECRETS", "2:short")], "").unwrap_err();
    assert_eq!(
        (&*single.key, single.origin.as_deref()),
        ("secrets", Some("DOORWARD_SECRETS"))
    );
}
