//! A feature of one's own: routes, bodies, error codes, documentation.

mod notes;

use std::sync::Arc;

use doorward::{Doorward, Failure};

#[actix_web::main]
async fn main() -> Result<(), Failure> {
    Doorward::from_env()
        .module(Arc::new(notes::Notes::default()))
        .serve()
        .await
}

#[cfg(test)]
mod tests;
