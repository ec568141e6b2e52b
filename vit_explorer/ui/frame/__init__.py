"""The frame around the tabs: the picture, the model and its prediction."""
