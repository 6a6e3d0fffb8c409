//! New resources and roles, and routes of one's own behind them.

mod access;
mod invoices;

use std::sync::Arc;

use doorward::{Doorward, Error};

#[actix_web::main]
async fn main() -> Result<(), Error> {
    Doorward::from_env()
        .access(access::declare)
        .module(Arc::new(invoices::Invoices))
        .serve()
        .await
}

#[cfg(test)]
mod tests;
