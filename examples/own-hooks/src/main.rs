//! Steps of one's own around sign-up, sign-in and deletion.

mod hooks;

use std::process::ExitCode;
use std::sync::Arc;

use doorward::Doorward;
use hooks::{ColleaguesOnly, Doorbell, NoticePeriod};

#[actix_web::main]
async fn main() -> ExitCode {
    let colleagues = ColleaguesOnly {
        domain: "example.com".to_owned(),
    };
    Doorward::from_env()
        .on_sign_up(Arc::new(colleagues))
        .on_sign_in(Arc::new(Doorbell::default()))
        .on_deletion(Arc::new(NoticePeriod))
        .run()
        .await
}

#[cfg(test)]
mod tests;
