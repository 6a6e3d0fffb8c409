//! The email that a patient gets.

use doorward_application::Context;
use doorward_domain::Secret;
use doorward_domain::email::{CustomEmail, EmailKind, EmailMessage, InvalidCustomEmail};
use doorward_domain::user::UserName;

use crate::patient::Patient;

/// The name of its kind.
pub(crate) const DISCHARGE: &str = "clinic.discharge";

/// Says goodbye to a patient.
pub(crate) fn goodbye(context: &Context, patient: &Patient) -> Result<EmailMessage, InvalidCustomEmail> {
    let text = format!(
        "Dear {},\n\nyou were discharged today. We wish you well.\n",
        patient.name
    );
    let email = CustomEmail::new(DISCHARGE, "You were discharged", &text, None)?;
    Ok(EmailMessage {
        kind: EmailKind::Custom(email),
        to: patient.email.clone(),
        name: UserName::from_stored(patient.name.clone()),
        link: Secret::new(context.settings.base_url.to_string()),
    })
}
