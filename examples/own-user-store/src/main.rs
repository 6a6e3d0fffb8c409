//! One repository replaced, the rest as shipped: users whose names are kept tidy, however they were typed.

mod store;

use std::sync::Arc;

use doorward::{Doorward, Failure};

#[actix_web::main]
async fn main() -> Result<(), Failure> {
    Doorward::from_env()
        .store(|shipped| Arc::new(store::Tidy(shipped)))
        .serve()
        .await
}

#[cfg(test)]
mod tests;
