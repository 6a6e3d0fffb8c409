//! Circles of files: files of one crate each of which needs, in the end, itself.
//!
//! An arrow leads from the file that names something to the file that declares it; what a module only re-exports is looked
//! up where it is declared. A module and the modules inside it may need each other: where both arrows are there, the one from
//! the outer to the inner module is not counted. Every other circle is refused, also one that leads through an outer module.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{is_word, statements, tree, used};

/// A module's names, from the root of its crate. The root has none.
type ModulePath = Vec<String>;

/// A file of a crate, as a module.
#[derive(Default)]
struct Module {
    file: String,
    /// What it imports or re-exports, by the name it has here.
    imports: BTreeMap<String, Vec<String>>,
    /// What it names.
    named: Vec<Vec<String>>,
}

/// The circles among these sources: pairs of a name such as `crates/domain/src/user/email.rs` and a text.
pub(crate) fn circles<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let mut crates: BTreeMap<&str, BTreeMap<ModulePath, Module>> = BTreeMap::new();
    for (file, text) in sources {
        let Some((owner, inside)) = file.split_once("/src/") else {
            continue;
        };
        let modules = crates.entry(owner).or_default();
        if let Some(path) = module_path(inside) {
            // A crate with a library and a binary has two roots. The library comes first in the alphabet.
            modules.entry(path).or_insert_with(|| Module::read(file, text));
        }
    }
    crates.values().flat_map(in_crate).collect()
}

/// The path of the module in a file, unless it holds only tests.
fn module_path(file: &str) -> Option<ModulePath> {
    let mut names: Vec<_> = file.strip_suffix(".rs")?.split('/').map(str::to_owned).collect();
    match names.last()?.as_str() {
        "tests" => return None,
        "mod" | "lib" | "main" => names.truncate(names.len() - 1),
        _ => {}
    }
    Some(names)
}

impl Module {
    fn read(file: &str, text: &str) -> Self {
        let mut module = Self {
            file: file.to_owned(),
            ..Self::default()
        };
        for (_, statement) in statements(text) {
            match used(&statement) {
                Some((exported, paths)) => {
                    for path in tree(paths) {
                        if let Some(name) = path.last() {
                            module.imports.insert(name.clone(), path.clone());
                        }
                        if !exported {
                            module.named.push(path);
                        }
                    }
                }
                None => module.named.extend(inline(&statement)),
            }
        }
        module
    }
}

/// The paths in a line of code: names with `::` between them.
fn inline(line: &str) -> Vec<Vec<String>> {
    line.split(|character| !is_word(character) && character != ':')
        .map(|word| word.trim_matches(':'))
        .filter(|word| word.contains("::"))
        .map(|word| word.split("::").map(str::to_owned).collect())
        .collect()
}

fn in_crate(modules: &BTreeMap<ModulePath, Module>) -> Vec<String> {
    let mut arrows: BTreeMap<&ModulePath, BTreeSet<&ModulePath>> = BTreeMap::new();
    for (from, module) in modules {
        let needed = module
            .named
            .iter()
            .filter_map(|path| absolute(modules, from, path));
        let needed = needed.filter_map(|path| declaring(modules, &path, 0));
        arrows.insert(from, needed.filter(|to| *to != from).collect());
    }
    let counted: BTreeMap<_, BTreeSet<_>> = arrows
        .iter()
        .map(|(from, needed)| {
            let inner_needs_outer = |to: &&ModulePath| to.starts_with(from) && arrows[to].contains(from);
            let needed = needed.iter().copied();
            (*from, needed.filter(|to| !inner_needs_outer(to)).collect())
        })
        .collect();
    knots(&counted)
        .into_iter()
        .map(|knot| {
            let files: Vec<_> = knot.iter().map(|path| modules[*path].file.as_str()).collect();
            format!("a circle of files: {}", files.join(", "))
        })
        .collect()
}

/// A path from the root of the crate, if it leads into the crate.
fn absolute(
    modules: &BTreeMap<ModulePath, Module>,
    from: &ModulePath,
    path: &[String],
) -> Option<Vec<String>> {
    let first = path.first()?;
    if first == "crate" {
        return Some(path[1..].to_vec());
    }
    let mut here = from.clone();
    let mut rest = path;
    while let Some((name, after)) = rest.split_first() {
        match name.as_str() {
            "super" => drop(here.pop()?),
            "self" => {}
            _ => break,
        }
        rest = after;
    }
    here.extend(rest.iter().cloned());
    let inner = [from.as_slice(), std::slice::from_ref(first)].concat();
    (rest.len() < path.len() || modules.contains_key(&inner)).then_some(here)
}

/// The module that declares what a path names.
fn declaring<'a>(
    modules: &'a BTreeMap<ModulePath, Module>,
    path: &[String],
    followed: u8,
) -> Option<&'a ModulePath> {
    let mut depth = 0;
    while depth < path.len() && modules.contains_key(&path[..=depth]) {
        depth += 1;
    }
    let (here, module) = modules.get_key_value(&path[..depth])?;
    let import = path.get(depth).and_then(|name| module.imports.get(name));
    let Some(import) = import.filter(|_| followed < 8) else {
        return Some(here);
    };
    let target = absolute(modules, here, import)?;
    declaring(
        modules,
        &[target.as_slice(), &path[depth + 1..]].concat(),
        followed + 1,
    )
}

/// The groups of modules that reach each other.
fn knots<'a>(arrows: &BTreeMap<&'a ModulePath, BTreeSet<&'a ModulePath>>) -> Vec<BTreeSet<&'a ModulePath>> {
    let reached: BTreeMap<_, _> = arrows.keys().map(|from| (*from, reach(arrows, from))).collect();
    let mut knots: Vec<BTreeSet<_>> = Vec::new();
    for (from, others) in &reached {
        if others.contains(from) && !knots.iter().any(|knot| knot.contains(from)) {
            knots.push(
                others
                    .iter()
                    .copied()
                    .filter(|other| reached[other].contains(from))
                    .collect(),
            );
        }
    }
    knots
}

/// What a module needs, directly or through others.
fn reach<'a>(
    arrows: &BTreeMap<&'a ModulePath, BTreeSet<&'a ModulePath>>,
    from: &ModulePath,
) -> BTreeSet<&'a ModulePath> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<_> = arrows[from].iter().copied().collect();
    while let Some(module) = waiting.pop() {
        if reached.insert(module) {
            waiting.extend(&arrows[module]);
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sources: &[(&str, &str)]) -> Vec<String> {
        circles(sources.iter().copied())
    }

    #[test]
    fn files_that_need_each_other_are_a_circle_however_they_say_it() {
        for line in [
            "use super::token::Token;",
            "use crate::token::Token;",
            "use crate::{\n    clock::Clock,\n    token::Token,\n};",
            "pub(crate) fn of(token: &crate::token::Token) {}",
            "use crate::token;",
            "fn new() -> Token { crate::token::new::<u8>() }",
        ] {
            let sources = [
                ("crates/a/src/lib.rs", "mod session;\nmod token;\n"),
                ("crates/a/src/session.rs", line),
                ("crates/a/src/token.rs", "use crate::session::Session;"),
            ];
            let circle = "a circle of files: crates/a/src/session.rs, crates/a/src/token.rs";
            assert_eq!(found(&sources), [circle], "{line}");
        }
    }

    #[test]
    fn a_circle_may_have_three_files_and_lead_through_re_exports() {
        let sources = [
            ("crates/a/src/lib.rs", "mod user;\nmod two;\npub use two::Two;\n"),
            ("crates/a/src/two.rs", "use crate::user::Three;"),
            (
                "crates/a/src/user/mod.rs",
                "mod one;\nmod three;\npub use one::One;\npub use three::Three;\n",
            ),
            ("crates/a/src/user/one.rs", "use crate::Two;"),
            ("crates/a/src/user/three.rs", "use super::One;"),
        ];
        assert_eq!(
            found(&sources),
            ["a circle of files: crates/a/src/two.rs, crates/a/src/user/one.rs, crates/a/src/user/three.rs"]
        );
    }

    #[test]
    fn a_circle_may_lead_through_an_outer_module() {
        let sources = [
            ("crates/a/src/session.rs", "use crate::user::User;"),
            (
                "crates/a/src/user/mod.rs",
                "mod entity;\nuse entity::Entity;\npub struct User(Entity);",
            ),
            ("crates/a/src/user/entity.rs", "use crate::session::Session;"),
        ];
        assert_eq!(found(&sources).len(), 1);
    }

    #[test]
    fn a_module_and_the_modules_inside_it_may_need_each_other() {
        let sources = [
            (
                "crates/a/src/lib.rs",
                "mod user;\npub struct Root;\nfn f() { user::run() }",
            ),
            (
                "crates/a/src/user/mod.rs",
                "mod entity;\nuse entity::Entity;\nuse crate::Root;\npub struct User(Entity);",
            ),
            ("crates/a/src/user/entity.rs", "use super::User;"),
        ];
        assert_eq!(found(&sources), [""; 0]);
    }

    #[test]
    fn siblings_that_meet_in_what_their_module_re_exports_are_no_circle() {
        let sources = [
            (
                "crates/a/src/user/mod.rs",
                "mod entity;\nmod roles;\npub use entity::User;\npub use roles::Roles;",
            ),
            ("crates/a/src/user/entity.rs", "use super::Roles;"),
            (
                "crates/a/src/user/roles.rs",
                "use std::fmt;\n#[cfg(test)]\nuse super::User;",
            ),
        ];
        assert_eq!(found(&sources), [""; 0]);
    }

    #[test]
    fn comments_tests_and_other_crates_make_no_circle() {
        let sources = [
            ("crates/a/src/one.rs", "use crate::two::Two;"),
            (
                "crates/a/src/two.rs",
                "//! See [`One`](crate::one::One).\nuse b::one::One;",
            ),
            ("crates/a/src/two/tests.rs", "use crate::one::One;"),
            ("crates/b/src/two.rs", "use crate::one::One;"),
            ("crates/b/src/one.rs", "pub struct One;"),
        ];
        assert_eq!(found(&sources), [""; 0]);
    }
}
