//! Pulls an image for this machine's platform with the crate oci-client, as programs in Rust do, and writes down what the
//! library gives: the manifest, and the layers.
//!
//! The library selects by itself, and is asked for no other platform: what it has for that is a function of the user's own.

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use oci_client::{
    Client, Reference,
    client::{ClientConfig, ClientProtocol},
    manifest::{
        IMAGE_DOCKER_LAYER_GZIP_MEDIA_TYPE, IMAGE_DOCKER_LAYER_TAR_MEDIA_TYPE,
        IMAGE_LAYER_GZIP_MEDIA_TYPE, IMAGE_LAYER_MEDIA_TYPE,
        IMAGE_LAYER_NONDISTRIBUTABLE_GZIP_MEDIA_TYPE, IMAGE_LAYER_NONDISTRIBUTABLE_MEDIA_TYPE,
    },
    secrets::RegistryAuth,
};
use std::{fs, path::PathBuf};

/// Every type of layer that the library has a name for.
const LAYERS: [&str; 6] = [
    IMAGE_LAYER_MEDIA_TYPE,
    IMAGE_LAYER_GZIP_MEDIA_TYPE,
    IMAGE_DOCKER_LAYER_TAR_MEDIA_TYPE,
    IMAGE_DOCKER_LAYER_GZIP_MEDIA_TYPE,
    IMAGE_LAYER_NONDISTRIBUTABLE_MEDIA_TYPE,
    IMAGE_LAYER_NONDISTRIBUTABLE_GZIP_MEDIA_TYPE,
];

/// Pulls images with the crate oci-client
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prints the version of the crate
    Version,
    /// Pulls over plain HTTP, prints the digest of the manifest, and writes `manifest.json` and the layers to a directory
    Pull {
        /// What to pull
        reference: String,
        /// A directory that is not there yet
        directory: PathBuf,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    // The library wants one, even for plain HTTP.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match Args::parse().command {
        Command::Version => {
            // The library names itself in it.
            println!("{}", ClientConfig::default().user_agent.replace('/', " "));
            Ok(())
        }
        Command::Pull {
            reference,
            directory,
        } => pull(&reference, &directory).await,
    }
}

async fn pull(reference: &str, directory: &PathBuf) -> Result<()> {
    let reference: Reference = reference.parse().context("the reference")?;
    let client = Client::new(ClientConfig {
        protocol: ClientProtocol::Http,
        ..ClientConfig::default()
    });
    let image = client
        .pull(&reference, &RegistryAuth::Anonymous, LAYERS.to_vec())
        .await?;
    let at = || directory.display().to_string();
    fs::create_dir(directory).with_context(at)?;
    for layer in &image.layers {
        // They come in the order in which they were fetched; their names say which they are.
        let name = layer.sha256_digest();
        fs::write(directory.join(name), &layer.data).with_context(at)?;
    }
    let manifest = image.manifest.context("the library gives no manifest")?;
    let manifest = serde_json::to_vec(&manifest).context("the manifest")?;
    fs::write(directory.join("manifest.json"), manifest).with_context(at)?;
    println!("{}", image.digest.context("the library gives no digest")?);
    Ok(())
}
