use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const DATABASE_URL: &str = "Database, such as sqlite://FILE?mode=rwc or postgres://user@host/name; one with a password \
                            belongs into DOORWARD_DATABASE__URL";

/// Users, sessions and passwords for your application, over Better Auth's protocol.
#[derive(Debug, Parser)]
#[command(
    name = "doorward",
    version,
    max_term_width = 100,
    after_help = "Start with `doorward serve`: it needs no configuration."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) overrides: Overrides,
}

/// Options that can be given as flags. All others stand in the file or the environment.
#[derive(Debug, Args)]
#[command(next_help_heading = "Configuration (see `doorward config print` for all of it)")]
pub(crate) struct Overrides {
    /// Read this file in place of ./doorward.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Defaults to start from: hardened or better-auth
    #[arg(long, global = true)]
    pub(crate) preset: Option<String>,
    /// Address and port to listen on
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help = "Where browsers reach the server, such as https://auth.example.com"
    )]
    pub(crate) base_url: Option<String>,
    /// Directory of the database and the secret, where they are not configured
    #[arg(long, global = true, value_name = "DIRECTORY")]
    pub(crate) data_dir: Option<String>,
    #[arg(long, global = true, value_name = "URL", help = DATABASE_URL)]
    pub(crate) database_url: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    Serve,
    /// Bring the database's schema up to date, and stop
    Migrate {
        /// Make the tables although others in the database look like them
        #[arg(long)]
        new_tables: bool,
    },
    /// Copy the database into a new file, while servers go on (SQLite)
    Backup {
        /// The file to make
        file: PathBuf,
    },
    /// Put a backup in the place of the database, while no server runs (SQLite)
    Restore {
        /// The backup
        file: PathBuf,
        /// Move a database that is there aside
        #[arg(long)]
        force: bool,
    },
    /// Show or check the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Manage users
    #[command(subcommand)]
    User(UserCommand),
    /// Read the audit log, verify it, or begin its chain anew
    Audit(Box<AuditArguments>),
    /// Replace the secret that signs and seals, without signing anybody out
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Print the version
    Version,
    /// Print the API description (OpenAPI 3.1)
    #[command(hide = true)]
    Openapi,
    /// Print the error codes and the modules that declare them, as JSON
    #[command(hide = true)]
    Errors,
    /// Print what every metric says, as Markdown
    #[command(hide = true)]
    Metrics,
    /// Print what every column of the database holds of people, as Markdown
    #[command(hide = true)]
    PersonalData,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every option with its value and where the value came from; secrets are hidden
    Print,
    /// Check whether the options fit together; the database is not asked
    Check,
    /// Print the list of all options as Markdown
    #[command(hide = true)]
    Reference,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create a user with a verified address; the password is asked for, or read from standard input
    Create {
        /// E-mail address to sign in with
        #[arg(long)]
        email: String,
        /// What the user is called
        #[arg(long, default_value = "")]
        name: String,
        /// Make the user an administrator; needs admin.enabled = true
        #[arg(long)]
        admin: bool,
    },
    /// Print everything held about a user as JSON; hashes and tokens are left out
    Export {
        /// Id or e-mail address; a deleted user is named by id
        #[arg(value_name = "ID|EMAIL")]
        user: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Show the ids of the secrets, since when there are, and what needs them; never a secret
    List,
    /// Make a new secret current in the data directory; servers use it from their next start
    Rotate {
        /// Only add it, so that all servers know it before one signs with it; `rotate` makes it current later
        #[arg(long)]
        prepare: bool,
    },
    /// Remove a secret that is not current from the data directory
    Remove {
        /// Its id, as `doorward secret list` shows it
        id: u32,
        /// Remove it although sessions or emails need it: users are signed out and emails lost
        #[arg(long)]
        force: bool,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AuditArguments {
    #[command(subcommand)]
    pub(crate) command: Option<AuditCommand>,
    #[command(flatten)]
    pub(crate) list: EventArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Print the newest events, the latest one last; the same as without a command
    List(EventArguments),
    /// Verify that no event was changed, removed or inserted; exits with 1 if one was
    Verify,
    /// Begin the chain anew over the events as they are, after `verify` found a flaw or the secret was lost
    RestartChain {
        /// Remove also the proofs that were made with a secret that is not configured: it is lost for good
        #[arg(long)]
        secret_lost: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct EventArguments {
    /// To whom it happened: the id of a user
    #[arg(long, value_name = "ID")]
    pub(crate) user: Option<String>,
    /// Who did it: the id of a user, or the name of a command or worker
    #[arg(long, value_name = "ID")]
    pub(crate) actor: Option<String>,
    /// What happened, such as session.failed
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// The earliest moment: 2026-01-02, 2026-01-02T03:04:05Z, or 90s, 15m, 24h, 7d before now
    #[arg(long, value_name = "MOMENT")]
    pub(crate) since: Option<String>,
    /// The first moment that is too late
    #[arg(long, value_name = "MOMENT")]
    pub(crate) until: Option<String>,
    /// success or denied
    #[arg(long)]
    pub(crate) outcome: Option<String>,
    /// How many events at most
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    pub(crate) limit: u64,
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Go on with events as they come, until the command is stopped
    #[arg(long, conflicts_with = "until")]
    pub(crate) follow: bool,
}

impl Overrides {
    /// The flags that were given: flag, option, value.
    pub(crate) fn given(&self) -> Vec<(&'static str, &'static str, String)> {
        let flags = [
            ("--preset", "preset", &self.preset),
            ("--listen", "listen", &self.listen),
            ("--base-url", "base_url", &self.base_url),
            ("--data-dir", "data_dir", &self.data_dir),
            ("--database-url", "database.url", &self.database_url),
        ];
        flags
            .into_iter()
            .filter_map(|(flag, key, value)| Some((flag, key, value.clone()?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
