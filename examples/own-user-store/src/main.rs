//! One repository replaced, the rest as shipped: users whose names are kept tidy, however they were typed.

mod store;

use std::sync::Arc;

use doorward::{Doorward, Error};

#[actix_web::main]
async fn main() -> Result<(), Error> {
    Doorward::from_env()
        .store(|shipped| Arc::new(store::Tidy(shipped)))
        .serve()
        .await
}

#[cfg(test)]
mod tests;
