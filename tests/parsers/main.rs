//! Each parser of what strangers send, over the inputs that a fuzzer kept because they reach different code.

#![expect(clippy::expect_used, reason = "a property that does not hold panics")]

mod domain;
mod server;

use std::fs;
use std::path::Path;

/// The name of a parser, and a function that gives it arbitrary bytes and panics where a property does not hold.
type Target = (&'static str, fn(&[u8]));

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

#[test]
fn in_8_parsers_keep_their_properties_over_the_committed_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut listed: Vec<_> = fs::read_dir(&corpus)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    listed.sort();
    let mut targets = [&domain::TARGETS[..], &server::TARGETS[..]].concat();
    targets.sort_unstable_by_key(|(name, _)| *name);
    let names: Vec<_> = targets.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, names, "one folder for each target");
    for (name, target) in targets {
        let mut inputs = 0;
        for entry in fs::read_dir(corpus.join(name)).unwrap() {
            let path = entry.unwrap().path();
            let input = fs::read(&path).unwrap();
            assert!(
                std::panic::catch_unwind(|| target(&input)).is_ok(),
                "{}: {:?}",
                path.display(),
                String::from_utf8_lossy(&input)
            );
            inputs += 1;
        }
        assert!(inputs >= 10, "{name} has {inputs} inputs");
    }
}
