//! A disk that is full (RE-11).

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

use crate::client;
use crate::scale::{figure, skip};
use crate::support::{Server, binary, credentials, until};

/// Mounts a small disk that only this process sees and that is gone with it, and becomes the server.
const ON_A_SMALL_DISK: &str = "mount -t tmpfs -o size=6m tmpfs doorward-data && exec \"$1\" serve";

/// Who is not root becomes root of a namespace.
fn unshare() -> Command {
    let mut command = Command::new("unshare");
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    command.arg(if is_root { "-m" } else { "-rm" });
    command
}

/// Users who sign up while there is room.
const BEFORE: usize = 20;

fn can_mount() -> bool {
    let script = "mount -t tmpfs tmpfs /mnt";
    let status = unshare()
        .args(["sh", "-c", script])
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

#[test]
fn re_11_on_a_full_disk_writes_are_503_reads_go_on_and_room_is_all_that_is_needed() {
    if !can_mount() {
        return skip("nothing can be mounted here");
    }
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("doorward-data")).unwrap();
    let mut command = unshare();
    command
        .current_dir(home.path())
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .args(["sh", "-c", ON_A_SMALL_DISK, "sh"])
        .arg(binary());
    let environment = [("DOORWARD_BEARER__ENABLED", "true")];
    let server = Server::spawn(&mut command, &environment, Stdio::null(), Stdio::null());
    let address = server.address();
    let sign_up = |index| client::post(address, "/sign-up/email", None, &credentials(index)).unwrap();
    let signed_up = sign_up(0);
    assert_eq!(signed_up.status, 200, "{signed_up:?}");
    let token = signed_up.token();
    for index in 1..BEFORE {
        assert_eq!(sign_up(index).status, 200);
    }

    let disk = format!("/proc/{}/root{}", server.process(), home.path().display());
    let filler = format!("{disk}/doorward-data/filler");
    let mut file = File::create(&filler).unwrap();
    while file.write(&[0; 512]).is_ok_and(|written| written > 0) {}
    // What the log of the database has room for is still written.
    let mut users = BEFORE;
    let refused = loop {
        let answer = sign_up(users);
        if answer.status != 200 {
            break answer;
        }
        users += 1;
        assert!(users < 2000, "the disk is not full");
    };
    for _ in 0..5 {
        assert!(client::is_live(address, &token), "reads go on");
    }
    assert!(refused.is_unavailable(), "{refused:?}");
    for index in 1..=5 {
        let answer = sign_up(users + index);
        assert!(answer.status == 200 || answer.is_unavailable(), "{answer:?}");
    }

    fs::remove_file(&filler).unwrap();
    drop(file);
    until(|| matches!(sign_up(users).status, 200 | 422));
    for index in 0..=users {
        let answer = client::post(address, "/sign-in/email", None, &credentials(index)).unwrap();
        assert_eq!(answer.status, 200, "user {index}: {answer:?}");
    }
    figure(
        "a full disk (SQLite): writes 503, reads go on, no repair needed; acknowledged sign-ups that were lost",
        format_args!("0 of {users}"),
    );
}
