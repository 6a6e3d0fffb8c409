//! What a permission check costs.

use std::hint::black_box;

use chrono::DateTime;
use doorward_domain::UserId;
use doorward_domain::access::{AccessPolicy, permissions};
use doorward_domain::user::{Email, RoleList, User, UserName};

fn main() {
    divan::main();
}

doorward_domain::resource! {
    /// What accountants work on.
    pub mod invoice = "invoice" {
        READ = "read",
        APPROVE = "approve",
    }
}

/// Fifty roles of a team beside the shipped ones.
fn policy() -> AccessPolicy {
    let mut builder = AccessPolicy::builder().declare(invoice::ALL.iter().cloned());
    for number in 0..50 {
        builder = builder.role(format!("team-{number}"), [invoice::READ]);
    }
    let built = builder.role("accountant", invoice::ALL.iter().cloned()).build();
    built.unwrap_or_else(|_| AccessPolicy::shipped())
}

fn user(role: &str) -> User {
    let mut user = User::new(
        UserId::from_stored("0123456789abcdefghijklmnopqrstuv"),
        UserName::from_stored("Ada"),
        Email::from_stored("ada@example.test"),
        None,
        DateTime::UNIX_EPOCH,
    );
    user.role = Some(RoleList::from_stored(role));
    user
}

#[divan::bench(args = ["admin", "accountant", "team-7,team-8,accountant", "user"])]
fn permits(bencher: divan::Bencher<'_, '_>, role: &str) {
    let (policy, user) = (policy(), user(role));
    bencher.bench(|| black_box(&policy).permits(black_box(&user), &invoice::APPROVE));
}

#[divan::bench]
fn permits_all(bencher: divan::Bencher<'_, '_>) {
    let (policy, user) = (policy(), user("admin"));
    bencher.bench(|| black_box(&policy).permits_all(black_box(&user), permissions::session::ALL));
}
