//! One repository replaced, the rest as shipped: users whose names are kept tidy, however they were typed.

mod store;

use std::process::ExitCode;
use std::sync::Arc;

use doorward::Doorward;

#[actix_web::main]
async fn main() -> ExitCode {
    Doorward::from_env()
        .store(|shipped| Arc::new(store::Tidy(shipped)))
        .run()
        .await
}

#[cfg(test)]
mod tests;
