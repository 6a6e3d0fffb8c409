//! Checks of settings, for those of the binary and those that a program makes.

use chrono::TimeDelta;
use doorward_domain::fields::{ColumnFeatures, FieldSpec, FieldTable};

use super::{Preset, Settings};

/// Where hardened, the longest a reset link is good for (TK-4), and an administrator is another user (AC-6).
const LONGEST_RESET: TimeDelta = TimeDelta::hours(24);
const LONGEST_IMPERSONATION: TimeDelta = TimeDelta::hours(1);
/// Where hardened, the most wrong passwords that are answered (RL-4).
const MOST_ATTEMPTS: u32 = 100;
/// The longest of any duration: dates stay within what databases and clients can hold.
const CENTURY: TimeDelta = TimeDelta::days(36_525);

/// A setting that cannot be used. Never shows a secret (SK-1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{option}: {problem}; {remedy}")]
pub struct InvalidSetting {
    /// The option at fault, as it is named in the configuration file.
    pub option: &'static str,
    /// What is wrong with it.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl InvalidSetting {
    /// An option that cannot be used, why, and what to do.
    pub fn new(option: &'static str, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            option,
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

impl Settings {
    /// Refuses settings that contradict each other or endanger users.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        self.check_base_path()?;
        self.check_durations()?;
        self.check_lengths()?;
        self.check_limits()?;
        self.check_fields()?;
        unique("user.additional_fields", &self.user_fields)?;
        unique("session.additional_fields", &self.session_fields)?;
        if self.preset == Preset::Hardened {
            self.check_hardened()?;
        }
        Ok(())
    }

    fn check_fields(&self) -> Result<(), InvalidSetting> {
        let features = ColumnFeatures {
            admin: self.admin.enabled,
            username: self.username.enabled,
        };
        let all = [
            ("user.additional_fields", FieldTable::User, &self.user_fields),
            (
                "session.additional_fields",
                FieldTable::Session,
                &self.session_fields,
            ),
        ];
        for (option, table, specs) in all {
            for spec in specs {
                spec.check_name(table, features).map_err(|error| {
                    InvalidSetting::new(option, error.to_string(), "name the field otherwise")
                })?;
            }
        }
        Ok(())
    }

    fn check_base_path(&self) -> Result<(), InvalidSetting> {
        let path = &self.base_path;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
        let is_plain = path.is_empty() || path.starts_with('/') && !path.ends_with('/');
        if !is_plain || path.contains("//") || !path.bytes().all(plain) {
            let problem = format!("{path:?} is not a plain path");
            return Err(InvalidSetting::new(
                "base_path",
                problem,
                "write a path such as /api/auth",
            ));
        }
        Ok(())
    }

    fn check_durations(&self) -> Result<(), InvalidSetting> {
        let positive = [
            ("session.expires_in", self.session.expires_in),
            (
                "email_and_password.reset_password_token_expires_in",
                self.email_and_password.reset_password_token_expires_in,
            ),
            (
                "email_verification.expires_in",
                self.email_verification.expires_in,
            ),
            (
                "user.delete_user.delete_token_expires_in",
                self.delete_user.delete_token_expires_in,
            ),
            (
                "admin.impersonation_session_duration",
                self.admin.impersonation_session_duration,
            ),
            (
                "security.password_attempts_expire_in",
                self.security.password_attempts_expire_in,
            ),
        ];
        let others = [
            ("session.update_age", Some(self.session.update_age)),
            ("session.fresh_age", Some(self.session.fresh_age)),
            ("session.absolute_lifetime", self.session.absolute_lifetime),
            ("user.delete_user.retention", Some(self.delete_user.retention)),
            ("audit.retention", Some(self.audit.retention)),
            ("admin.default_ban_expires_in", self.admin.default_ban_expires_in),
            (
                "security.reset_request_floor",
                Some(self.security.reset_request_floor),
            ),
        ];
        for (option, duration) in positive {
            if duration <= TimeDelta::zero() {
                let remedy = "write a number of seconds above 0";
                return Err(InvalidSetting::new(option, "is no time at all", remedy));
            }
        }
        let others = others
            .into_iter()
            .filter_map(|(option, duration)| Some((option, duration?)));
        for (option, duration) in positive.into_iter().chain(others) {
            if duration < TimeDelta::zero() || duration > CENTURY {
                let problem = "is not between 0 and a hundred years";
                return Err(InvalidSetting::new(option, problem, "write a number of seconds"));
            }
        }
        Ok(())
    }

    fn check_limits(&self) -> Result<(), InvalidSetting> {
        let limits = [
            (
                "security.max_password_attempts",
                self.security.max_password_attempts,
            ),
            ("security.max_emails_per_hour", self.security.max_emails_per_hour),
        ];
        for (option, most) in limits {
            if most == Some(0) {
                let remedy = "write a number above 0, or leave it unset for no limit";
                return Err(InvalidSetting::new(option, "allows nothing at all", remedy));
            }
        }
        Ok(())
    }

    fn check_lengths(&self) -> Result<(), InvalidSetting> {
        let password = &self.email_and_password.password;
        let username = &self.username.length;
        let pairs = [
            (
                "email_and_password.min_password_length",
                "max_password_length",
                password.min_length,
                password.max_length,
            ),
            (
                "username.min_username_length",
                "max_username_length",
                username.min,
                username.max,
            ),
        ];
        for (option, other, least, most) in pairs {
            if least > most {
                let problem = format!("{least} is more than {other}, {most}");
                return Err(InvalidSetting::new(option, problem, "make it smaller than that"));
            }
        }
        Ok(())
    }

    fn check_hardened(&self) -> Result<(), InvalidSetting> {
        let bounded = [
            (
                "email_and_password.reset_password_token_expires_in",
                self.email_and_password.reset_password_token_expires_in,
                LONGEST_RESET,
            ),
            (
                "admin.impersonation_session_duration",
                self.admin.impersonation_session_duration,
                LONGEST_IMPERSONATION,
            ),
        ];
        for (option, duration, most) in bounded {
            if duration > most {
                return Err(InvalidSetting::too_long(option, most));
            }
        }
        if self
            .security
            .max_password_attempts
            .is_some_and(|most| most > MOST_ATTEMPTS)
        {
            return Err(InvalidSetting::new(
                "security.max_password_attempts",
                format!("is more than {MOST_ATTEMPTS}"),
                format!("write at most {MOST_ATTEMPTS}, or set preset = \"better-auth\""),
            ));
        }
        if self.email_and_password.password.min_length < 8 {
            return Err(InvalidSetting::new(
                "email_and_password.min_password_length",
                "is less than 8",
                "write at least 8, or set preset = \"better-auth\"",
            ));
        }
        if self.email_and_password.require_email_verification
            && !self.email_verification.send_verification_email
        {
            return Err(InvalidSetting::new(
                "email_and_password.require_email_verification",
                "lets nobody in, for email_verification.send_verification_email is false",
                "set email_verification.send_verification_email = true",
            ));
        }
        Ok(())
    }
}

impl InvalidSetting {
    /// A duration that is longer than is safe.
    #[must_use]
    pub fn too_long(option: &'static str, most: TimeDelta) -> Self {
        let most = most.num_seconds();
        let problem = format!("is longer than the {most} seconds that are safe");
        let remedy = format!("write at most {most}, or set preset = \"better-auth\"");
        Self::new(option, problem, remedy)
    }
}

/// Two fields of one name would be one column.
fn unique(option: &'static str, fields: &[FieldSpec]) -> Result<(), InvalidSetting> {
    for (index, field) in fields.iter().enumerate() {
        let name = field.name.as_str();
        let same = |other: &FieldSpec| other.name.as_str().eq_ignore_ascii_case(name);
        if fields[..index].iter().any(same) {
            let problem = format!("`{name}` is declared twice");
            return Err(InvalidSetting::new(
                option,
                problem,
                "give one of them another name",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use doorward_domain::fields::{FieldKind, FieldName};
    use doorward_domain::redirect::Origin;

    use super::*;

    fn refused(preset: Preset, change: impl FnOnce(&mut Settings)) -> Option<&'static str> {
        let mut settings = Settings::of(preset, Origin::loopback(3000), "/api/auth".to_owned());
        change(&mut settings);
        settings.validate().err().map(|error| error.option)
    }

    #[test]
    fn the_defaults_of_both_presets_are_valid() {
        for preset in [Preset::Hardened, Preset::BetterAuth] {
            assert_eq!(refused(preset, |_| {}), None);
        }
    }

    #[test]
    fn ac_6_settings_made_by_hand_cannot_impersonate_for_a_week() {
        let week = |settings: &mut Settings| {
            settings.admin.impersonation_session_duration = TimeDelta::days(7);
        };
        assert_eq!(
            refused(Preset::Hardened, week),
            Some("admin.impersonation_session_duration")
        );
        assert_eq!(refused(Preset::BetterAuth, week), None);
    }

    #[test]
    fn settings_made_by_hand_cannot_hold_nonsense() {
        type Case = (&'static str, fn(&mut Settings));
        let cases: [Case; 11] = [
            ("base_path", |it| it.base_path = "api auth".to_owned()),
            ("base_path", |it| it.base_path = "/api/".to_owned()),
            ("session.expires_in", |it| {
                it.session.expires_in = TimeDelta::zero();
            }),
            ("session.fresh_age", |it| {
                it.session.fresh_age = TimeDelta::seconds(-1);
            }),
            ("session.update_age", |it| it.session.update_age = TimeDelta::MAX),
            ("email_and_password.min_password_length", |it| {
                it.email_and_password.password.min_length = 200;
            }),
            ("username.min_username_length", |it| it.username.length.min = 31),
            ("email_verification.expires_in", |it| {
                it.email_verification.expires_in = TimeDelta::zero();
            }),
            ("security.max_password_attempts", |it| {
                it.security.max_password_attempts = Some(0);
            }),
            ("security.password_attempts_expire_in", |it| {
                it.security.password_attempts_expire_in = TimeDelta::zero();
            }),
            ("security.max_emails_per_hour", |it| {
                it.security.max_emails_per_hour = Some(0);
            }),
        ];
        for (option, change) in cases {
            for preset in [Preset::Hardened, Preset::BetterAuth] {
                assert_eq!(refused(preset, change), Some(option));
            }
        }
    }

    #[test]
    fn rl_4_no_more_than_a_hundred_wrong_passwords_can_be_allowed() {
        let many = |settings: &mut Settings| settings.security.max_password_attempts = Some(101);
        let option = Some("security.max_password_attempts");
        assert_eq!(refused(Preset::Hardened, many), option);
        assert_eq!(refused(Preset::BetterAuth, many), None);
    }

    #[test]
    fn settings_made_by_hand_declare_no_field_in_the_place_of_a_column() {
        let field = |name: &str| FieldSpec {
            name: FieldName::parse(name).unwrap(),
            kind: FieldKind::Text,
            required: false,
            default: None,
            input: true,
            returned: true,
        };
        for preset in [Preset::Hardened, Preset::BetterAuth] {
            for name in ["role", "emailVerified", "username", "banned"] {
                let of_users = |settings: &mut Settings| {
                    settings.admin.enabled = true;
                    settings.username.enabled = true;
                    settings.user_fields = vec![field(name)];
                };
                assert_eq!(
                    refused(preset, of_users),
                    Some("user.additional_fields"),
                    "{name}"
                );
            }
            for name in ["userId", "token", "impersonatedBy"] {
                let of_sessions = |settings: &mut Settings| {
                    settings.admin.enabled = true;
                    settings.session_fields = vec![field(name)];
                };
                assert_eq!(
                    refused(preset, of_sessions),
                    Some("session.additional_fields"),
                    "{name}"
                );
            }
            let twice = |settings: &mut Settings| settings.user_fields = vec![field("bio"), field("Bio")];
            assert_eq!(refused(preset, twice), Some("user.additional_fields"));
            let fine = |settings: &mut Settings| settings.user_fields = vec![field("bio")];
            assert_eq!(refused(preset, fine), None);
        }
    }

    #[test]
    fn verification_that_is_required_must_be_possible() {
        let impossible = |settings: &mut Settings| {
            settings.email_and_password.require_email_verification = true;
        };
        let option = Some("email_and_password.require_email_verification");
        assert_eq!(refused(Preset::Hardened, impossible), option);
        let possible = |settings: &mut Settings| {
            impossible(settings);
            settings.email_verification.send_verification_email = true;
        };
        assert_eq!(refused(Preset::Hardened, possible), None);
    }
}
