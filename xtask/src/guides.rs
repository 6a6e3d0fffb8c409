//! The code in the guides is that of the examples.

use std::fs;
use std::path::Path;

use crate::generated::settle;
use crate::shell::{Outcome, root};

const GUIDES: &str = "docs/guides";
const BEGIN: &str = "<!-- code: ";
const END: &str = "<!-- end -->";

/// Puts the examples into the guides.
pub(crate) fn run(check: bool) -> Outcome {
    let entries = fs::read_dir(root().join(GUIDES)).map_err(|error| format!("{GUIDES}: {error}"))?;
    let mut names: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| Path::new(name).extension().is_some_and(|kind| kind == "md"))
        .collect();
    names.sort();
    for name in names {
        let name = format!("{GUIDES}/{name}");
        let text = fs::read_to_string(root().join(&name)).map_err(|error| format!("{name}: {error}"))?;
        settle(&name, &filled(&name, &text)?, check, "guides")?;
    }
    Ok(())
}

/// The guide with the code its marks ask for.
fn filled(guide: &str, text: &str) -> Outcome<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (file, after) = after
            .split_once(" -->")
            .ok_or_else(|| format!("{guide}: a mark has no end"))?;
        let (_, after) = after
            .split_once(END)
            .ok_or_else(|| format!("{guide}: {file} has no {END}"))?;
        let code =
            fs::read_to_string(root().join(file)).map_err(|error| format!("{guide}: {file}: {error}"))?;
        let code = code.trim();
        filled.extend([before, BEGIN, file, " -->\n```rust\n", code, "\n```\n", END]);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}
