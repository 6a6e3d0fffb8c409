//! A feature of one's own: routes, bodies, error codes, documentation.

mod notes;

use std::process::ExitCode;

use doorward::Doorward;

#[actix_web::main]
async fn main() -> ExitCode {
    Doorward::from_env().module(notes::Notes::default()).run().await
}

#[cfg(test)]
mod tests;
