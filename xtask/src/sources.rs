//! The Rust sources of the repository.

use std::fs;
use std::path::Path;

use crate::shell::{Outcome, root};

/// A source file.
pub(crate) struct Source {
    /// Its name, from the root of the repository.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) text: String,
}

/// All sources but the examples, by name.
pub(crate) fn sources() -> Outcome<Vec<Source>> {
    let mut files = Vec::new();
    for directory in ["crates", "migration", "tests", "xtask"] {
        collect(&root().join(directory), &mut files).map_err(|error| format!("{directory}: {error}"))?;
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

fn collect(directory: &Path, files: &mut Vec<Source>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            // Cargo marks the directories that it builds in.
            let is_ours = !path.ends_with("node_modules") && !path.join("CACHEDIR.TAG").exists();
            if is_ours {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            let text = fs::read_to_string(&path)?;
            files.push(Source { name, text });
        }
    }
    Ok(())
}
