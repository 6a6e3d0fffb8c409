//! The binary while something fails: it is killed, the database or the mail server goes away, and two nodes share what is theirs.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod client;
mod clock;
mod crowd;
mod database;
mod disk;
mod kill;
mod life;
mod limiter;
mod mail;
mod nodes;
mod outages;
mod pool;
mod postgres;
mod printed;
mod races;
mod relay;
mod restore;
mod scale;
mod silence;
mod slow;
mod stop;
#[expect(dead_code, reason = "the tests of the binary use more of it")]
#[path = "../binary/support.rs"]
mod support;
mod two_nodes;
mod wire;
