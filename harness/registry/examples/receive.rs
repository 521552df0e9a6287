//! Keeps what is pushed to it until its standard input ends, and lists it then:
//! `sleep 60 | cargo run -p ocipick-registry --example receive`.

#![expect(clippy::print_stdout, reason = "an example speaks to a person")]

use ocipick_registry::Registry;
use std::io::Read as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::start()?;
    let namespace = registry.open_writable("received")?;
    println!("push to {}", namespace.reference("latest"));
    std::io::stdin().read_to_end(&mut Vec::new())?;
    let (requests, arrived) = namespace.close();
    for request in requests {
        println!("{} {} {}", request.method, request.path, request.status);
    }
    for manifest in &arrived.manifests {
        let media_type = manifest.media_type.as_deref().unwrap_or("no media type");
        println!(
            "manifest {} {media_type} {} bytes as {}",
            manifest.digest,
            manifest.bytes.len(),
            manifest.reference
        );
    }
    for (digest, bytes) in &arrived.blobs {
        println!("blob {digest} {} bytes", bytes.len());
    }
    Ok(())
}
