//! What `doorward` can be told to do.

use doorward_web::ErrorCode;
use doorward_web::wiring::{create_user, error_catalogue, migrate, openapi_json};
use serde_json::{Value, json};

use crate::arguments::{Command, ConfigCommand, UserCommand};
use crate::configuration::{Sources, load, reference, standard};
use crate::doorward::{Doorward, configured};
use crate::error::Error;
use crate::terminal::{new_password, print};

/// Does what was asked for.
pub(crate) async fn run(command: Command, sources: &Sources) -> Result<(), Error> {
    crate::choose_tls();
    match command {
        Command::Serve => Doorward::of(sources.clone()).serve().await,
        Command::Migrate { new_tables } => {
            let ready = configured(sources)?.prepare()?;
            print(
                &match migrate(&ready.configuration, new_tables).await?.as_slice() {
                    [] => "The schema is up to date.\n".to_owned(),
                    steps => format!("Brought the schema up to date: {}.\n", steps.join(", ")),
                },
            )
        }
        Command::Config(ConfigCommand::Print) => print(&load(sources)?.print()),
        Command::Config(ConfigCommand::Check) => {
            load(sources)?.prepare()?;
            print("The configuration can be used.\n")
        }
        Command::Config(ConfigCommand::Reference) => print(&reference()),
        Command::User(UserCommand::Create { email, name, admin }) => {
            let ready = configured(sources)?.prepare()?;
            let password = new_password()?;
            let id = create_user(&ready.configuration, &email, &name, password.expose(), admin).await?;
            print(&format!("Created user {id}.\n"))
        }
        Command::Version => print(&format!("doorward {}\n", env!("CARGO_PKG_VERSION"))),
        Command::Openapi => print(&openapi_json(&standard()?).await?),
        Command::Errors => print(&errors_json(&error_catalogue(&standard()?).await?)),
    }
}

fn errors_json(catalogue: &[(Option<&str>, ErrorCode)]) -> String {
    let entry = |(module, code): &(Option<&str>, ErrorCode)| {
        let ErrorCode {
            status,
            code,
            message,
        } = code;
        json!({ "module": module, "code": code, "status": status, "message": message })
    };
    Value::from_iter(catalogue.iter().map(entry)).to_string()
}
