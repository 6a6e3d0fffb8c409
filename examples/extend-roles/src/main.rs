//! New resources and roles, and routes of one's own behind them.

mod access;
mod invoices;

use std::sync::Arc;

use doorward::{Doorward, Failure};

#[actix_web::main]
async fn main() -> Result<(), Failure> {
    Doorward::from_env()
        .access(access::declare)
        .module(Arc::new(invoices::Invoices))
        .serve()
        .await
}

#[cfg(test)]
mod tests;
