//! What the model can be made to get wrong: one gate each, so that tests can show that each is missed.

use proofkey_oauth::listed_enum;

listed_enum! {
    /// A gate that does not close.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum BrokenGate {
        /// A code is redeemed although its grant is there.
        CodeSpentTwice,
        /// A code is redeemed although its session has ended meanwhile.
        CodeWithoutSession,
        /// A code is redeemed although its client was disabled, ended or removed meanwhile.
        CodeOfEndedClient,
        /// A code is redeemed although wrong verifiers have locked it meanwhile.
        CodeLockIgnored,
        /// A refresh is written whatever revision the grant has.
        RefreshNotCompared,
        /// A refresh is written over a revocation, which moves no revision.
        RefreshOverRevocation,
        /// A consent is changed whatever stands.
        ConsentNotCompared,
        /// A consent begins for a client that was removed or disabled meanwhile.
        ConsentOfEndedClient,
        /// A session goes on under any secret.
        SessionSecretNotCompared,
        /// A session begins although the account was disabled or given another password meanwhile.
        PasswordNotHeld,
        /// A try is counted, and let through, whatever was counted meanwhile.
        FailuresNotCompared,
        /// A wrong verifier is not counted.
        VerifierNotCounted,
        /// The mark of a user or a client is what the clock shows.
        MarkByTheClock,
        /// A client that is added again begins without a mark.
        RemovedClientForgotten,
        /// A revoked grant is not revoked.
        RevocationForgotten,
        /// A revoked access token is not revoked.
        TokenRevocationForgotten,
        /// A session that ended is there.
        LogoutForgotten,
        /// It is not read that a grant is revoked.
        RevokedNotRead,
        /// The mark of a user is not compared.
        UserMarkNotRead,
        /// The mark of a client is not compared.
        ClientMarkNotRead,
        /// It is not read that a client is disabled.
        DisabledClientNotRead,
        /// What the user allows is not compared.
        ConsentNotRead,
        /// What was written last is not on the disk when the process dies.
        LostOnCrash,
        /// What has ended is removed by whatever the clock shows.
        SweptByTheClock,
        /// A commit that met a conflict counts as written.
        ConflictAnswered,
        /// The grants of a removed user are read as if the user stood, with what was allowed.
        RemovalLeavesGrants,
        /// The sessions of a removed user stay.
        RemovalLeavesSessions,
        /// What a removed user allowed stays.
        RemovalLeavesConsents,
        /// A removal that runs again takes who has the name now.
        RemovalByName,
        /// A session begins for a user who was removed meanwhile.
        SignInOfRemovedUser,
        /// A consent begins for a user who was removed meanwhile.
        ConsentOfRemovedUser,
        /// The id of a removed user is given again.
        RemovedIdForgotten,
        /// The name of a removed user is given without an operator's word.
        RemovedNameForgotten,
        /// Tokens are signed by an algorithm that is off.
        AlgorithmsNotRead,
        /// A code or a refresh token is spent although nothing signs by the algorithm of what it gives.
        SpentWhereNothingSigns,
    }
}
