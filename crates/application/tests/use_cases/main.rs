//! Use-cases on their floor: what they do over a store in memory, and, against mocked ports, what they ask for and what they
//! do when they do not get it.
//!
//! A mocked port that a test does not mention must not be asked: its mock panics.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod administration;
mod audit;
mod audit_chain;
mod audit_log;
mod data_protection;
mod delete_user;
mod deliver_mail;
mod devices;
mod ended_session;
mod faults;
mod issuer;
mod learn_hashes;
mod limits;
mod metrics;
mod notices;
mod passwords;
mod read_session;
mod rotation;
mod sessions;
mod sign_in;
mod sign_up;
mod verification;
mod world;

use doorward_application::settings::{Preset, Settings};
use doorward_domain::StoreError;
use doorward_domain::redirect::Origin;
use world::World;

/// The defaults of the hardened preset.
fn hardened() -> Settings {
    Settings::of(Preset::Hardened, Origin::loopback(3000), "/api/auth".to_owned())
}

/// The defaults of the preset that does as Better Auth does, with passwords switched on.
fn compatible() -> Settings {
    let mut settings = Settings::of(Preset::BetterAuth, Origin::loopback(3000), "/api/auth".to_owned());
    settings.email_and_password.enabled = true;
    settings
}

fn out_of_reach() -> StoreError {
    StoreError::Unavailable("gone".into())
}
