//! What the operator reads and types.

use std::io::{self, BufRead, IsTerminal, Write, stdin, stdout};

use doorward_domain::Secret;

use crate::error::Error;

/// Asks for a password, without showing it, or takes the first line of what is piped in. Never from an argument (SK-3).
pub(crate) fn new_password() -> io::Result<Secret<String>> {
    if stdin().is_terminal() {
        return Ok(Secret::new(rpassword::prompt_password("Password: ")?));
    }
    let mut line = String::new();
    stdin().lock().read_line(&mut line)?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Prints to standard output. Unlike `println!` it does not panic if nobody reads.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    Ok(write(text.as_bytes())?)
}

/// Writes to standard output, at once.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}
