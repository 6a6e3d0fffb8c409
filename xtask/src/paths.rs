//! The paths that a source names, by its text: good enough for code that rustfmt has laid out.

/// The statements and lines of a file without comments and tests, each with its line; a `use` of many lines is one.
pub(crate) fn statements(text: &str) -> Vec<(usize, String)> {
    let mut joined: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line == "#[cfg(test)]" {
            break;
        }
        if line.starts_with("//") {
            continue;
        }
        match joined.last_mut() {
            Some((_, before)) if open => {
                before.push(' ');
                before.push_str(line);
            }
            _ => joined.push((number, line.to_owned())),
        }
        open = (open || used(line).is_some()) && !line.ends_with(';');
    }
    joined
}

/// What follows `use` in a statement that begins with it, and whether the names are exported.
pub(crate) fn used(statement: &str) -> Option<(bool, &str)> {
    if let Some(tree) = statement.strip_prefix("use ") {
        return Some((false, tree));
    }
    let (visibility, tree) = statement.split_once(" use ")?;
    let exported = visibility == "pub" || (visibility.starts_with("pub(") && visibility.ends_with(')'));
    exported.then_some((true, tree))
}

/// Whether a character belongs to a name.
pub(crate) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Every path of a `use` tree, as names: `a::{b, c::{d, e as f}}` has `[a, b]`, `[a, c, d]` and `[a, c, e]`. What
/// follows the tree is left out.
pub(crate) fn tree(text: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    branch(text, &mut Vec::new(), &mut paths);
    paths
}

/// Reads one branch of a tree and answers what follows it.
fn branch<'a>(text: &'a str, names: &mut Vec<String>, paths: &mut Vec<Vec<String>>) -> &'a str {
    let above = names.len();
    let mut rest = text.trim_start();
    loop {
        if let Some(list) = rest.strip_prefix('{') {
            rest = list.trim_start();
            while !rest.is_empty() && !rest.starts_with('}') {
                let before = rest.len();
                rest = branch(rest, names, paths).trim_start();
                rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
                if rest.len() == before {
                    rest = "";
                }
            }
            names.truncate(above);
            return rest.strip_prefix('}').unwrap_or(rest);
        }
        let end = rest
            .find(|character| !is_word(character) && character != '*')
            .unwrap_or(rest.len());
        if end > 0 {
            names.push(rest[..end].to_owned());
        }
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(below) => rest = below,
            None => break,
        }
    }
    if names.len() > above {
        paths.push(names.clone());
    }
    names.truncate(above);
    match rest.trim_start().strip_prefix("as ") {
        Some(alias) => {
            let alias = alias.trim_start();
            &alias[alias.find(|character| !is_word(character)).unwrap_or(alias.len())..]
        }
        None => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(text: &str) -> Vec<String> {
        tree(text).into_iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn a_tree_has_a_path_for_each_name() {
        assert_eq!(flat("a::b;"), ["a::b"]);
        assert_eq!(
            flat("a::{b, c::{d, e as f}, g::*};"),
            ["a::b", "a::c::d", "a::c::e", "a::g::*"]
        );
        assert_eq!(flat("{crate::a, super::b as c};"), ["crate::a", "super::b"]);
        assert_eq!(flat("a::b(c::d)"), ["a::b"], "only the tree");
        assert_eq!(flat("(nothing)"), [""; 0]);
    }

    #[test]
    fn a_use_of_many_lines_is_one_statement_with_the_first_line() {
        let text = "// use x::y;\nuse a::{\n    b,\n    c,\n};\nfn f() {}\n#[cfg(test)]\nuse d::e;\n";
        assert_eq!(
            statements(text),
            [(2, "use a::{ b, c, };".to_owned()), (6, "fn f() {}".to_owned())]
        );
    }

    #[test]
    fn an_exported_use_is_told_from_a_private_one() {
        assert_eq!(used("use a::b;"), Some((false, "a::b;")));
        assert_eq!(used("pub use a::b;"), Some((true, "a::b;")));
        assert_eq!(used("pub(crate) use a::b;"), Some((true, "a::b;")));
        assert_eq!(used("let text = \"we use it\";"), None);
    }
}
