"""What we conclude: ``journey`` is pure, ``engine`` is Faust made safe and fast. Nothing here imports ``agents``."""
