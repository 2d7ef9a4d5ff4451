//! The web origins of a client: where a browser app runs that may read our answers.

/// The web origins of redirect URIs, each once.
pub fn web_origins<'a>(redirect_uris: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut origins = Vec::new();
    for uri in redirect_uris.into_iter().filter(|uri| uri.starts_with("http")) {
        let end = uri.match_indices(['/', '?']).map(|(at, _)| at).find(|at| *at >= "https://".len());
        let origin = uri.get(..end.unwrap_or(uri.len())).unwrap_or(uri).to_owned();
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    origins
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::fixtures::client;

    #[test]
    fn tk_19_origins_come_from_the_redirect_uris() {
        let uris = json!([
            "https://app.example/cb",
            "https://app.example/x?y",
            "http://127.0.0.1:4456/callback",
            "com.example.app:/cb"
        ]);
        let client = client(json!({"redirect_uris": uris}));
        assert_eq!(client.origins, ["https://app.example", "http://127.0.0.1:4456"]);
    }
}
