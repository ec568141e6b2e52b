"""ViT Explorer: see in a browser how Vision Transformers work, on real models and real pictures."""
