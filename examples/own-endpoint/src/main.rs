//! A feature of one's own: routes, bodies, error codes, documentation.

mod notes;

use std::sync::Arc;

use doorward::{Doorward, Error};

#[actix_web::main]
async fn main() -> Result<(), Error> {
    Doorward::from_env()
        .module(Arc::new(notes::Notes::default()))
        .serve()
        .await
}

#[cfg(test)]
mod tests;
