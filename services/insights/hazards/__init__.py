"""The register of latent hazards (隐患): what complaints warn of before it happens."""
