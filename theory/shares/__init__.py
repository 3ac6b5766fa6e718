"""How bad is it? Closed forms of the worst radius and of the shares of inputs on which a task is decidable."""
