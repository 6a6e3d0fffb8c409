//! libFuzzer around the parser that `DOORWARD_FUZZ_TARGET` names.
#![no_main]

#[path = "../../parsers/domain.rs"]
mod domain;
#[cfg(feature = "server")]
#[path = "../../parsers/server.rs"]
mod server;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

type Target = (&'static str, fn(&[u8]));

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let wanted = std::env::var("DOORWARD_FUZZ_TARGET").unwrap_or_default();
    #[cfg(feature = "server")]
    let targets = [&domain::TARGETS[..], &server::TARGETS[..]].concat();
    #[cfg(not(feature = "server"))]
    let targets = domain::TARGETS;
    let found = targets.iter().find(|(name, _)| *name == wanted);
    found
        .unwrap_or_else(|| panic!("DOORWARD_FUZZ_TARGET names no target of this build: {wanted:?}"))
        .1
});

fuzz_target!(|data: &[u8]| TARGET(data));
