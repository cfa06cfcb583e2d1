"""One function a test: each looks at the connection through a Lab, and says what it found."""
