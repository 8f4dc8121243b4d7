"""What the verbs do: each joins the layers in a few lines; nothing here prints. Import the modules by name."""
