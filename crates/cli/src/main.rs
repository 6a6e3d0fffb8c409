//! `doorward`: the server and its tools, in one binary.

use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    doorward::Doorward::from_env().run().await
}
