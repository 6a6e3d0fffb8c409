//! An index of the sessions in which somebody is impersonated. Of these alone: they are few.

use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;

use crate::schema::Schema;
use crate::step::Step;

pub(crate) struct ImpersonatedSessions;

#[async_trait]
impl Step for ImpersonatedSessions {
    fn name(&self) -> &'static str {
        "impersonated_sessions"
    }

    async fn up(&self, schema: &Schema) -> Result<(), DbErr> {
        let key = r#"("impersonatedBy") WHERE "impersonatedBy" IS NOT NULL"#;
        schema.index("session", "session_impersonatedBy_idx", key).await
    }
}
