//! A clinic: a feature that brings everything a feature can have. Each concern has a file of its own.

mod discharge;
mod email;
mod hook;
mod module;
mod patient;
mod permission;
mod routes;
mod store;
mod table;
mod worker;

use std::process::ExitCode;

use doorward::Doorward;

#[actix_web::main]
async fn main() -> ExitCode {
    Doorward::from_env()
        .access(permission::roles)
        .module(module::Clinic)
        .run()
        .await
}

#[cfg(test)]
mod tests;
