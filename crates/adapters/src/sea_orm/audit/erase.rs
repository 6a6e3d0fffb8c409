//! What is left of a user in the audit log who is removed.

use doorward_domain::Actor;
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::{Column, Entity};

/// Erases what is personal in the events of these users, see [`AuditEvent::personal_of`].
///
/// [`AuditEvent::personal_of`]: doorward_domain::audit::AuditEvent::personal_of
pub(in crate::sea_orm) async fn erase_personal_data<C: ConnectionTrait>(
    connection: &C,
    users: &[String],
) -> Result<(), DbErr> {
    let caused = Condition::all()
        .add(Column::ActorKind.eq(Actor::USER))
        .add(Column::ActorId.is_in(users))
        .add(Column::ImpersonatedBy.is_null());
    let about = Condition::all()
        .add(Column::ActorKind.eq(Actor::ANONYMOUS))
        .add(Column::SubjectId.is_in(users))
        .add(Column::ImpersonatedBy.is_null());
    let impersonating = Condition::all().add(Column::ImpersonatedBy.is_in(users));
    // A statement for each, because each is a range of one index.
    for theirs in [caused, about, impersonating] {
        let nothing = || Expr::value(Option::<String>::None);
        let erase = Entity::update_many()
            .col_expr(Column::IpAddress, nothing())
            .col_expr(Column::UserAgent, nothing())
            .col_expr(Column::Details, nothing())
            .col_expr(Column::Salt, nothing())
            .filter(theirs);
        erase.exec(connection).await?;
    }
    Ok(())
}
