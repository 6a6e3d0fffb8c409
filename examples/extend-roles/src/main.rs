//! New resources and roles, and routes of one's own behind them.

mod access;
mod invoices;

use std::process::ExitCode;

use doorward::Doorward;

#[actix_web::main]
async fn main() -> ExitCode {
    Doorward::from_env()
        .access(access::declare)
        .module(invoices::Invoices)
        .run()
        .await
}

#[cfg(test)]
mod tests;
