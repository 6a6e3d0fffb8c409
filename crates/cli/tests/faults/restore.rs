//! A restore that is killed (RE-19).

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::scale::{cycles, figure};
use crate::support::{self, Server, credentials, doorward};

const DATABASE: &str = "doorward.db";
const OLD: &str = "old.db";
const NEW: &str = "new.db";

fn run(home: &Path, arguments: &[&str]) {
    let output = doorward(home).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn restoring(home: &Path) -> Command {
    let mut command = doorward(home);
    command
        .args(["restore", NEW, "--force"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Everything that belongs to the database.
fn remove_database(data: &Path) {
    for entry in fs::read_dir(data).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap();
        if name.starts_with(DATABASE) {
            fs::remove_file(file).unwrap();
        }
    }
}

#[test]
fn re_19_a_restore_that_is_killed_leaves_the_old_database_or_the_new_one() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let mut server = Server::start(home);
    let knows = |server: &Server, index| {
        let answer = support::post(server.address(), "/sign-in/email", &credentials(index));
        answer.unwrap().0 == 200
    };
    let sign_up = |index| {
        let answer = support::post(server.address(), "/sign-up/email", &credentials(index));
        assert_eq!(answer.unwrap().0, 200);
    };
    sign_up(1);
    run(home, &["backup", NEW]);
    sign_up(2);
    run(home, &["backup", OLD]);
    server.kill();
    let data = home.join("doorward-data");
    let mut kept = 0;
    // How long it takes is known from one that nobody kills.
    let mut whole = None::<Duration>;
    let kills = u32::try_from(cycles(8, 10)).unwrap();
    for kill in 0..=kills {
        remove_database(&data);
        fs::copy(home.join(OLD), data.join(DATABASE)).unwrap();
        let begin = Instant::now();
        let mut restore = restoring(home).spawn().unwrap();
        if let Some(whole) = whole {
            thread::sleep(whole * kill / kills);
            drop(restore.kill());
        }
        let status = restore.wait().unwrap();
        whole.get_or_insert_with(|| {
            assert!(status.success());
            begin.elapsed()
        });
        assert!(data.join(DATABASE).exists(), "kill {kill} left no database");
        let server = Server::start(home);
        assert!(knows(&server, 1), "kill {kill} left another database");
        kept += usize::from(knows(&server, 2));
    }
    figure(
        "restores killed at some moment: the old database or the new one is there",
        format_args!("{kills} kills, {kept} left the old one"),
    );
}
