//! `proofkey whoami`: prints the person who is signed in, as the server told at the sign-in. Needs no network.

use std::process::ExitCode;

use proofkey_client::{Client, StoredAt, TokenStore};

use crate::output::{EXIT_CODES, Output};
use crate::signed_in::SignedInAs;
use crate::target::{LastLogin, TargetArgs};

/// Say who is signed in
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    output: Output,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let store = TokenStore::open()?;
    let app = args.target.for_session(LastLogin::read(&store).as_ref())?;
    let client = Client::with_store(app, &store);
    let session = client.session().await?;
    let app = client.application();
    let identity = session.identity().await;
    let scope = session.scope().await;
    let stored_at = session.stored_at().await?;
    let report = SignedInAs::new(app, &scope, identity.as_ref(), stored_at.as_ref());
    args.output.result(&report, || describe(&report, stored_at.as_ref()))?;
    Ok(ExitCode::SUCCESS)
}

fn describe(report: &SignedInAs<'_>, stored_at: Option<&StoredAt>) -> String {
    let who = match report.identity {
        Some(who) => format!("{} (subject {})", who.display_name(), who.subject.escape_debug()),
        None => "somebody: without the scope openid the server does not say who".to_owned(),
    };
    let api = report.resource.map_or_else(String::new, |resource| format!("\nAPI      {resource}"));
    let kept_in = stored_at.map_or_else(String::new, |stored_at| format!("\nkept in  {stored_at}"));
    let elsewhere = report.identity.map_or(&[][..], |who| &who.elsewhere);
    let elsewhere = if elsewhere.is_empty() {
        String::new()
    } else {
        format!(
            "\nnot told {} (the server refers to others for these, who are not asked)",
            elsewhere.join(", ")
        )
    };
    format!(
        "{who}\nserver   {}\nclient   {}{api}\nscope    {}{elsewhere}{kept_in}",
        report.issuer, report.client_id, report.scope
    )
}

#[cfg(test)]
mod tests {
    use proofkey_client::Identity;

    use super::*;

    #[test]
    fn it_names_the_person_and_the_server_and_cannot_steer_a_terminal() {
        let identity = Identity {
            subject: "1\u{1b}[2J".into(),
            name: Some("Ada\u{1b}[2J".into()),
            username: None,
            email: None,
            elsewhere: vec!["email".into()],
        };
        let mut report = SignedInAs {
            issuer: "https://id.example",
            client_id: "app",
            resource: Some("https://api.example"),
            scope: "openid",
            identity: Some(&identity),
            kept_in: None,
        };
        let text = describe(&report, Some(&StoredAt::Keyring));
        assert!(text.ends_with("kept in  the system's keyring"), "{text}");
        assert!(text.contains("not told email ("), "{text}");
        assert!(
            text.starts_with("Ada") && text.contains("https://api.example") && !text.contains('\u{1b}'),
            "{text}"
        );
        report.identity = None;
        assert!(describe(&report, None).starts_with("somebody"));
    }
}
