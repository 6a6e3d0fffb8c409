//! What `doorward` can be told to do.

use std::io::{Write, stderr};
use std::process::ExitCode;

use clap::Parser;
use doorward_domain::ErrorChain;
use doorward_web::ErrorCode;
use doorward_web::wiring::{
    NewUser, backup, create_user, error_catalogue, export_user, metrics_reference, migrate, open_context,
    openapi_json, personal_data_map, restore,
};
use serde_json::{Value, json};

use crate::arguments::{Arguments, AuditCommand, Command, ConfigCommand, UserCommand};
use crate::audit;
use crate::backup_report;
use crate::configuration::{ConfigError, reference, standard};
use crate::doorward::Doorward;
use crate::error::Error;
use crate::secrets;
use crate::terminal::{new_password, print, write};

impl Doorward {
    /// Does what the arguments of the process say, as the binary does: `serve`, `migrate`, `config check`, `user create` and
    /// the rest, all with what was added here.
    pub async fn run(self) -> ExitCode {
        match self.try_run().await {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                // `eprintln!` panics if nobody reads, and a panic has an exit code of its own.
                drop(writeln!(stderr(), "error: {}", ErrorChain(&failure)));
                ExitCode::from(failure.exit_code())
            }
        }
    }

    async fn try_run(self) -> Result<(), Error> {
        let arguments = Arguments::parse();
        refuse_password_in_flags(arguments.overrides.database_url.as_deref())?;
        let flags = arguments.overrides.given();
        run(
            arguments.command,
            self.with_flags(arguments.overrides.config, flags),
        )
        .await
    }
}

/// SK-3: everybody on the machine sees the arguments of its processes.
fn refuse_password_in_flags(database_url: Option<&str>) -> Result<(), ConfigError> {
    let has_password = |url: &str| url::Url::parse(url).is_ok_and(|url| url.password().is_some());
    if database_url.is_some_and(has_password) {
        let fix = "set DOORWARD_DATABASE__URL, or DOORWARD_DATABASE__URL_FILE to a file that holds it";
        return Err(ConfigError::new(
            "--database-url",
            "has a password in it, which everybody on this machine can see",
            fix,
        ));
    }
    Ok(())
}

/// Does what was asked for.
async fn run(command: Command, doorward: Doorward) -> Result<(), Error> {
    match command {
        Command::Serve => doorward.serve().await,
        Command::Migrate { new_tables } => {
            let (ready, extensions) = doorward.prepare(new_tables).await?;
            let steps = migrate(&ready.configuration, extensions, new_tables).await?;
            print(&match steps.as_slice() {
                [] => "The schema is up to date.\n".to_owned(),
                steps => format!("Brought the schema up to date: {}.\n", steps.join(", ")),
            })
        }
        Command::Backup { file } => {
            let ready = doorward.look()?;
            let size = backup(&ready.configuration, &file).await?;
            print(&backup_report::backed_up(&ready, &file, size))
        }
        Command::Restore { file, force } => {
            let ready = doorward.look()?;
            let restored = restore(&ready.configuration, &file, force).await?;
            print(&backup_report::restored(&file, &restored))
        }
        Command::Config(ConfigCommand::Print) => print(&doorward.load()?.print()),
        Command::Config(ConfigCommand::Check) => {
            doorward.check()?;
            print("The configuration can be used.\n")
        }
        Command::Config(ConfigCommand::Reference) => print(&reference()),
        Command::User(UserCommand::Create { email, name, admin }) => {
            let (ready, extensions) = doorward.prepare(false).await?;
            let password = new_password()?;
            let user = NewUser {
                email: &email,
                name: &name,
                password: password.expose(),
                administrator: admin,
            };
            let id = create_user(&ready.configuration, extensions, user).await?;
            print(&format!("Created user {id}.\n"))
        }
        Command::Audit(arguments) => {
            let (ready, extensions) = doorward.prepare(false).await?;
            let context = open_context(&ready.configuration, extensions).await?;
            match arguments.command {
                None => audit::list(&context, &arguments.list).await,
                Some(AuditCommand::List(list)) => audit::list(&context, &list).await,
                Some(AuditCommand::Verify) => audit::verify(&context).await,
                Some(AuditCommand::RestartChain { secret_lost }) => {
                    audit::restart_chain(&context, secret_lost).await
                }
            }
        }
        Command::Secret(command) => secrets::run(command, doorward).await,
        Command::User(UserCommand::Export { user }) => {
            let (ready, extensions) = doorward.prepare(false).await?;
            export_user(&ready.configuration, extensions, &user, write).await?;
            Ok(())
        }
        Command::Version => print(&format!("doorward {}\n", env!("CARGO_PKG_VERSION"))),
        Command::PersonalData => print(&personal_data_map()),
        Command::Metrics => print(&metrics_reference()),
        Command::Openapi => print(&openapi_json(&standard()?, doorward.into_extensions()).await?),
        Command::Errors => {
            let codes = error_catalogue(&standard()?, doorward.into_extensions())?;
            print(&errors_json(&codes))
        }
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
    catalogue.iter().map(entry).collect::<Value>().to_string()
}
