//! A backup is of use if it can be restored (RE-19).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::support::{self, Server, credentials, doorward};

fn run(home: &Path, arguments: &[&str]) -> Output {
    doorward(home).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams
        .map(|stream| String::from_utf8_lossy(stream).into_owned())
        .concat()
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

fn status(server: &Server, path: &str, index: usize) -> u16 {
    support::post(server.address(), path, &credentials(index))
        .unwrap()
        .0
}

#[test]
fn re_19_a_backup_taken_while_users_sign_up_restores_to_a_server_that_knows_them() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(home.path());
    let (stop, signed_up) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (output, before) = thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let index = signed_up.load(Ordering::Relaxed);
                assert_eq!(status(&server, "/sign-up/email", index), 200);
                signed_up.store(index + 1, Ordering::Relaxed);
            }
        });
        support::until(|| signed_up.load(Ordering::Relaxed) >= 5);
        let before = signed_up.load(Ordering::Relaxed);
        let output = run(home.path(), &["backup", "copy.db"]);
        support::until(|| signed_up.load(Ordering::Relaxed) > before + 2);
        stop.store(true, Ordering::Relaxed);
        (output, before)
    });
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("doorward-data/secret"),
        "{}",
        said(&output)
    );
    let copy = home.path().join("copy.db");
    assert_eq!(mode(&copy), 0o600);

    let again = run(home.path(), &["backup", "copy.db"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("exists"), "{}", said(&again));
    let refused = run(home.path(), &["restore", "copy.db", "--force"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("stop the server"), "{}", said(&refused));
    drop(server);

    // On another machine, with the secret and nothing else.
    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join("doorward-data")).unwrap();
    let secret = "doorward-data/secret";
    fs::copy(home.path().join(secret), other.path().join(secret)).unwrap();
    let restored = run(other.path(), &["restore", copy.to_str().unwrap()]);
    assert!(restored.status.success(), "{}", said(&restored));
    assert_eq!(mode(&other.path().join("doorward-data/doorward.db")), 0o600);
    let server = Server::start(other.path());
    for index in 0..before {
        assert_eq!(status(&server, "/sign-in/email", index), 200, "user {index}");
    }
    assert_eq!(status(&server, "/sign-up/email", 1_000_000), 200);
}

#[test]
fn re_19_a_copy_of_the_files_restores_and_the_database_before_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start(home.path());
    assert_eq!(status(&server, "/sign-up/email", 1), 200);
    // Power is lost: the log is not in the database yet.
    server.kill();
    let data = home.path().join("doorward-data");
    for file in ["doorward.db", "doorward.db-wal"] {
        fs::copy(data.join(file), home.path().join(file)).unwrap();
    }
    let server = Server::start(home.path());
    assert_eq!(status(&server, "/sign-up/email", 2), 200);
    drop(server);

    let refused = run(home.path(), &["restore", "doorward.db"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("--force"), "{}", said(&refused));
    let restored = run(home.path(), &["restore", "doorward.db", "--force"]);
    assert!(restored.status.success(), "{}", said(&restored));
    let aside = said(&restored);
    let aside = aside.split("The database before is ").nth(1).unwrap();
    let aside = aside.split(".\n").next().unwrap().to_owned();
    let server = Server::start(home.path());
    assert_eq!(status(&server, "/sign-in/email", 1), 200);
    assert_eq!(status(&server, "/sign-in/email", 2), 401);
    drop(server);

    let back = run(home.path(), &["restore", &aside, "--force"]);
    assert!(back.status.success(), "{}", said(&back));
    let server = Server::start(home.path());
    assert_eq!(status(&server, "/sign-in/email", 2), 200);
}

/// SQLite would read the log of the lost database into the restored one.
#[test]
fn re_19_a_log_without_its_database_is_not_left_beside_the_restored_one() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start(home.path());
    assert_eq!(status(&server, "/sign-up/email", 1), 200);
    assert!(run(home.path(), &["backup", "copy.db"]).status.success());
    assert_eq!(status(&server, "/sign-up/email", 2), 200);
    server.kill();
    let directory = home.path().join("doorward-data");
    fs::remove_file(directory.join("doorward.db")).unwrap();
    assert!(directory.join("doorward.db-wal").exists(), "a crash leaves it");
    let output = run(home.path(), &["restore", "copy.db"]);
    assert!(!output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("--force"), "{}", said(&output));
    let output = run(home.path(), &["restore", "--force", "copy.db"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!directory.join("doorward.db-wal").exists());
    let server = Server::start(home.path());
    assert_eq!(status(&server, "/sign-in/email", 1), 200);
    assert_eq!(status(&server, "/sign-in/email", 2), 401);
}

#[test]
fn re_19_what_is_no_backup_is_refused_and_nothing_changes() {
    let home = tempfile::tempdir().unwrap();
    let nothing = run(home.path(), &["backup", "copy.db"]);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(said(&nothing).contains("no database"), "{}", said(&nothing));
    assert!(!home.path().join("copy.db").exists());
    run(home.path(), &["migrate"]);
    let data = home.path().join("doorward-data");
    let before = fs::read_dir(&data).unwrap().count();
    for (name, content) in [("empty", ""), ("text", "nothing of the kind")] {
        fs::write(home.path().join(name), content).unwrap();
        let refused = run(home.path(), &["restore", name, "--force"]);
        assert_eq!(refused.status.code(), Some(1), "{name}: {}", said(&refused));
    }
    let missing = run(home.path(), &["restore", "missing", "--force"]);
    assert_eq!(missing.status.code(), Some(1));
    let after = fs::read_dir(&data).unwrap().count();
    assert_eq!(before, after, "no unfinished file stays");
    assert!(said(&run(home.path(), &["migrate"])).contains("up to date"));
}

#[test]
fn re_19_on_postgres_the_command_to_run_is_told() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, tool) in [
        (["backup", "copy"], "pg_dump"),
        (["restore", "copy"], "pg_restore"),
    ] {
        let output = doorward(home.path())
            .args(arguments)
            .env(
                "DOORWARD_DATABASE__URL",
                "postgres://ada:hunter2@db.example.com/users",
            )
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = said(&output);
        assert!(said.contains(tool) && said.contains("--dbname=users"), "{said}");
        assert!(!said.contains("hunter2"), "SK-1: {said}");
    }
}

#[test]
fn sk_4_the_files_of_the_database_are_for_their_owner_only() {
    let home = tempfile::tempdir().unwrap();
    // A directory that was there, such as a volume.
    fs::create_dir(home.path().join("doorward-data")).unwrap();
    let log = home.path().join("log");
    let server = Server::start(home.path());
    assert_eq!(status(&server, "/sign-up/email", 1), 200);
    for file in ["doorward.db", "doorward.db-wal", "doorward.db-shm"] {
        let file = home.path().join("doorward-data").join(file);
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    drop(server);
    let database = home.path().join("doorward-data/doorward.db");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o644)).unwrap();
    let server = Server::start_logging(home.path(), &[], fs::File::create(&log).unwrap());
    drop(server);
    let log = fs::read_to_string(&log).unwrap();
    assert!(log.contains("chmod 600"), "{log}");
}
