"""An e-mail's source and a lead's values in, a letter's subject, HTML and text out."""
